import type { Endpoint } from '../http/endpoint.ts';
import {
  getAccountData,
  getAccountDataPerRoom,
  setAccountDataEndpoint,
  setAccountDataPerRoom,
} from './account-data.ts';
import { getCapabilities } from './capabilities.ts';
import {
  deleteDevice,
  deleteDevicesEndpoint,
  getDevice,
  getDevices,
  updateDevice,
} from './devices.ts';
import { defineFilterEndpoint, getFilter } from './filter.ts';
import { getLoginFlows, login } from './login.ts';
import { logout, logoutAll } from './logout.ts';
import { changePasswordEndpoint } from './password.ts';
import {
  getAvatarUrl,
  getDisplayName,
  getUserProfile,
  setAvatarUrl,
  setDisplayName,
} from './profile.ts';
import { checkUsernameAvailability, register } from './register.ts';
import type { AccountServices } from './services.ts';
import { getVersions } from './versions.ts';
import { getWellknown } from './well-known.ts';
import { getTokenOwner } from './whoami.ts';

/** The endpoints about the server itself, accounts, and what users keep on the server. */
export const accountEndpoints: readonly Endpoint<AccountServices>[] = [
  getVersions,
  getWellknown,
  getCapabilities,

  register,
  checkUsernameAvailability,
  getLoginFlows,
  login,
  logout,
  logoutAll,
  getTokenOwner,
  changePasswordEndpoint,

  getDevices,
  getDevice,
  updateDevice,
  deleteDevice,
  deleteDevicesEndpoint,

  getUserProfile,
  getDisplayName,
  setDisplayName,
  getAvatarUrl,
  setAvatarUrl,

  defineFilterEndpoint,
  getFilter,
  setAccountDataEndpoint,
  getAccountData,
  setAccountDataPerRoom,
  getAccountDataPerRoom,
];
