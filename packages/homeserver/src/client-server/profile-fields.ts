import { readProfileFieldValue } from '../accounts/profile-field-store.ts';
import {
  checkProfileKey,
  deleteCustomProfileField,
  setCustomProfileField,
} from '../accounts/set-profile-field.ts';
import { setProfileField } from '../accounts/set-profile.ts';
import { guestAccessForbidden, missingParam, notFound } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { JsonText } from '../http/response.ts';
import { JsonObject } from '../http/schemas.ts';
import { checkMayReadProfile, isOfOtherServer } from './profile-access.ts';
import { accountEndpoint } from './services.ts';

const spec = 'Profiles';
const paths = [
  ...clientPaths('/profile/{userId}/{keyName}'),
  // MSC4133, from before fields of any name were in the specification.
  '/_matrix/client/unstable/uk.tcpip.msc4133/profile/{userId}/{keyName}',
] as const;

export const getProfileField = accountEndpoint({
  operationId: 'getProfileField',
  summary: 'Show a field of a user’s profile',
  spec,
  method: 'GET',
  paths,
  authentication: 'optional',
  guests: true,
  errcodes: ['M_INVALID_PARAM', 'M_KEY_TOO_LARGE'],
  async handle({ params: { userId, keyName }, requester }, services) {
    checkProfileKey(keyName);
    await checkMayReadProfile(services, requester, userId);
    if (isOfOtherServer(services, userId)) {
      const remote = await services.queryRemoteProfile(userId, keyName);
      if (!Object.hasOwn(remote, keyName)) throw notFound('No such field of a profile');
      return remote;
    }
    const { names, database } = services.accounts;
    const userNid = await names.users.find(userId);
    const value =
      userNid === undefined
        ? undefined
        : await readProfileFieldValue(database.reader, userNid, keyName);
    if (value === undefined) throw notFound('No such field of a profile');
    return new JsonText(`{${JSON.stringify(keyName)}:${value}}`);
  },
});

export const setProfileFieldEndpoint = accountEndpoint({
  operationId: 'setProfileField',
  summary: 'Set a field of a profile',
  spec,
  method: 'PUT',
  paths,
  authentication: 'required',
  suspended: false,
  body: JsonObject,
  errcodes: ['M_MISSING_PARAM', 'M_INVALID_PARAM', 'M_KEY_TOO_LARGE', 'M_PROFILE_TOO_LARGE'],
  async handle({ requester, params: { userId, keyName }, body }, { accounts }) {
    checkProfileKey(keyName);
    const value = Object.hasOwn(body, keyName) ? body[keyName] : undefined;
    if (value === undefined) throw missingParam(`Missing required field: ${keyName}`);
    await setCustomProfileField(accounts, requester, userId, keyName, value);
    return {};
  },
});

export const deleteProfileField = accountEndpoint({
  operationId: 'deleteProfileField',
  summary: 'Remove a field of a profile',
  spec,
  method: 'DELETE',
  paths,
  authentication: 'required',
  guests: true,
  suspended: false,
  errcodes: ['M_INVALID_PARAM', 'M_KEY_TOO_LARGE'],
  async handle({ requester, params: { userId, keyName } }, { accounts, propagateProfile }) {
    if (requester.isGuest && keyName !== 'displayname') throw guestAccessForbidden();
    if (keyName === 'displayname' || keyName === 'avatar_url') {
      const field = keyName === 'displayname' ? 'displayName' : 'avatarUrl';
      await setProfileField(accounts, requester, userId, field, '');
      await propagateProfile(userId);
    } else {
      await deleteCustomProfileField(accounts, requester, userId, keyName);
    }
    return {};
  },
});
