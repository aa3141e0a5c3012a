import type { Endpoint } from '../http/endpoint.ts';
import {
  getAccountData,
  getAccountDataPerRoom,
  setAccountDataEndpoint,
  setAccountDataPerRoom,
} from './account-data.ts';
import {
  getAdminLockUser,
  getAdminSuspendUser,
  setAdminLockUser,
  setAdminSuspendUser,
} from './account-moderation.ts';
import { getCapabilities } from './capabilities.ts';
import { deactivateAccountEndpoint } from './deactivate.ts';
import {
  deleteDevice,
  deleteDevicesEndpoint,
  getDevice,
  getDevices,
  updateDevice,
} from './devices.ts';
import { defineFilterEndpoint, getFilter } from './filter.ts';
import { generateLoginToken } from './login-token.ts';
import { getLoginFlows, login } from './login.ts';
import { logout, logoutAll } from './logout.ts';
import { requestOpenIdToken } from './openid.ts';
import { showFallback, submitFallback } from './pages/fallback.ts';
import { loginPage } from './pages/login-page.ts';
import { getStaticFile } from './pages/static-files.ts';
import { submitTokenEndpoints } from './pages/submit-token.ts';
import { getPasswordPolicy } from './password-policy.ts';
import { changePasswordEndpoint } from './password.ts';
import { deleteProfileField, getProfileField, setProfileFieldEndpoint } from './profile-fields.ts';
import {
  getAvatarUrl,
  getDisplayName,
  getUserProfile,
  setAvatarUrl,
  setDisplayName,
} from './profile.ts';
import { refresh } from './refresh.ts';
import { checkUsernameAvailability, register } from './register.ts';
import { registrationTokenValidity } from './registration-token.ts';
import { requestTokenEndpoints } from './request-tokens.ts';
import { getRootPage } from './root-page.ts';
import { getRtcTransports } from './rtc-transports.ts';
import type { AccountServices } from './services.ts';
import { ssoEndpoints } from './sso/endpoints.ts';
import { deleteRoomTag, getRoomTags, setRoomTag } from './tags.ts';
import { threePidEndpoints } from './three-pids.ts';
import { getTurnServer } from './turn-server.ts';
import { getVersions } from './versions.ts';
import { getWellknown, getWellknownServer, getWellknownSupport } from './well-known.ts';
import { getTokenOwner } from './whoami.ts';
import { getWhoIs } from './whois.ts';

/** The endpoints about the server itself, accounts, and what users keep on the server. */
export const accountEndpoints: readonly Endpoint<AccountServices>[] = [
  getRootPage,
  getVersions,
  getWellknown,
  getWellknownServer,
  getWellknownSupport,
  getCapabilities,

  register,
  checkUsernameAvailability,
  registrationTokenValidity,
  getLoginFlows,
  login,
  refresh,
  generateLoginToken,
  ...ssoEndpoints,
  logout,
  logoutAll,
  getTokenOwner,
  changePasswordEndpoint,
  getPasswordPolicy,
  deactivateAccountEndpoint,

  getAdminLockUser,
  setAdminLockUser,
  getAdminSuspendUser,
  setAdminSuspendUser,
  getWhoIs,

  ...requestTokenEndpoints,
  ...threePidEndpoints,
  ...submitTokenEndpoints,

  showFallback,
  submitFallback,
  loginPage,
  getStaticFile,

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
  getProfileField,
  setProfileFieldEndpoint,
  deleteProfileField,

  defineFilterEndpoint,
  getFilter,
  setAccountDataEndpoint,
  getAccountData,
  setAccountDataPerRoom,
  getAccountDataPerRoom,
  getRoomTags,
  setRoomTag,
  deleteRoomTag,

  requestOpenIdToken,
  getTurnServer,
  getRtcTransports,
];
