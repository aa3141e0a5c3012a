import { Type } from 'typebox';

import { createDevice } from '../accounts/create-device.ts';
import { deleteDevices } from '../accounts/delete-devices.ts';
import type { Device } from '../accounts/device-store.ts';
import { findDevice, listDevices } from '../accounts/list-devices.ts';
import { renameDevice } from '../accounts/rename-device.ts';
import { badJson, missingParam, notFound } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { reply } from '../http/response.ts';
import { OptionalAuth, OptionalText } from './body-fields.ts';
import { reauthenticationFlows } from './reauthentication-flows.ts';
import { accountEndpoint } from './services.ts';

const spec = 'Device management';
const devicePaths = clientPaths('/devices/{deviceId}');
const agreement = { acceptsRecent: true, trustsServices: true };

export const getDevices = accountEndpoint({
  operationId: 'getDevices',
  summary: 'List the user’s devices',
  spec,
  method: 'GET',
  paths: clientPaths('/devices'),
  authentication: 'required',
  guests: true,
  errcodes: [],
  async handle({ requester }, { accounts }) {
    const devices = await listDevices(accounts, requester.userNid);
    return { devices: devices.map(toClientDevice) };
  },
});

export const getDevice = accountEndpoint({
  operationId: 'getDevice',
  summary: 'Show one of the user’s devices',
  spec,
  method: 'GET',
  paths: devicePaths,
  authentication: 'required',
  guests: true,
  errcodes: [],
  async handle({ requester, params }, { accounts }) {
    const device = await findDevice(accounts, requester.userNid, params.deviceId);
    if (device === undefined) throw notFound('No such device');
    return toClientDevice(device);
  },
});

export const updateDevice = accountEndpoint({
  operationId: 'updateDevice',
  summary: 'Rename a device; an application service may make it',
  spec,
  method: 'PUT',
  paths: devicePaths,
  authentication: 'required',
  guests: true,
  body: Type.Object({ display_name: OptionalText }),
  errcodes: ['M_TOO_LARGE', 'M_INVALID_PARAM'],
  async handle({ requester, params, body }, { accounts }) {
    const displayName = body.display_name ?? undefined;
    const { deviceId } = params;
    if (requester.applicationService !== undefined) {
      const isNew = await createDevice(accounts, requester.userNid, { deviceId, displayName });
      if (isNew) return reply({}, { status: 201 });
    }
    await renameDevice(accounts, requester.userNid, deviceId, displayName);
    return {};
  },
});

export const deleteDevice = accountEndpoint({
  operationId: 'deleteDevice',
  summary: 'Delete a device',
  spec,
  method: 'DELETE',
  paths: devicePaths,
  authentication: 'required',
  body: Type.Object({ auth: OptionalAuth }),
  bodyOptional: true,
  errcodes: ['M_UNAUTHORIZED'],
  async handle(request, services) {
    const { userNid } = request.requester;
    const flows = await reauthenticationFlows(services, userNid);
    await services.interactiveAuth.authenticate(request, flows, agreement);
    await deleteDevices(services.accounts, userNid, [request.params.deviceId]);
    return {};
  },
});

export const deleteDevicesEndpoint = accountEndpoint({
  operationId: 'deleteDevices',
  summary: 'Delete several devices',
  spec,
  method: 'POST',
  paths: clientPaths('/delete_devices'),
  authentication: 'required',
  body: Type.Object({ devices: Type.Optional(Type.Array(Type.String())), auth: OptionalAuth }),
  errcodes: ['M_UNAUTHORIZED', 'M_MISSING_PARAM'],
  async handle(request, services) {
    if (request.body.auth === undefined) devicesIn(request.body);
    const { userNid } = request.requester;
    const flows = await reauthenticationFlows(services, userNid);
    const { body } = await services.interactiveAuth.authenticate(request, flows, agreement);
    await deleteDevices(services.accounts, userNid, devicesIn(body));
    return {};
  },
});

function devicesIn({ devices }: Readonly<Record<string, unknown>>): string[] {
  if (devices === undefined) throw missingParam('Missing required field: devices');
  if (!Array.isArray(devices)) throw badJson('Field devices must be array');
  return devices.filter((each) => typeof each === 'string');
}

function toClientDevice({ deviceId, displayName, lastSeen }: Device): object {
  return {
    device_id: deviceId,
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(lastSeen === undefined ? {} : { last_seen_ts: lastSeen.tsMs }),
    ...(lastSeen?.place === undefined ? {} : { last_seen_ip: lastSeen.place.ip }),
  };
}
