import { Type } from 'typebox';

import { fullProfile, profileText } from '../accounts/full-profile.ts';
import { profileOf } from '../accounts/profile-of.ts';
import type { Profile } from '../accounts/profile-store.ts';
import { setProfileField } from '../accounts/set-profile.ts';
import { notFound } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { JsonText } from '../http/response.ts';
import { checkMayReadProfile, isOfOtherServer } from './profile-access.ts';
import { accountEndpoint } from './services.ts';
import type { AccountServices } from './services.ts';

const spec = 'Profiles';
const namePaths = clientPaths('/profile/{userId}/displayname', { apiV1: true });
const avatarPaths = clientPaths('/profile/{userId}/avatar_url', { apiV1: true });

export const getUserProfile = accountEndpoint({
  operationId: 'getUserProfile',
  summary: 'Show a user’s profile',
  spec,
  method: 'GET',
  paths: clientPaths('/profile/{userId}', { apiV1: true }),
  authentication: 'optional',
  guests: true,
  errcodes: ['M_INVALID_PARAM'],
  async handle({ params, requester }, services) {
    await checkMayReadProfile(services, requester, params.userId);
    if (isOfOtherServer(services, params.userId)) return services.queryRemoteProfile(params.userId);
    await services.bringUser(params.userId);
    const profile = await fullProfile(services.accounts, params.userId);
    if (profile === undefined) throw notFound('No such profile');
    return new JsonText(profileText(profile));
  },
});

export const getDisplayName = accountEndpoint({
  operationId: 'getDisplayName',
  summary: 'Show a user’s display name',
  spec,
  method: 'GET',
  paths: namePaths,
  authentication: 'optional',
  guests: true,
  errcodes: ['M_INVALID_PARAM'],
  async handle({ params, requester }, services) {
    await checkMayReadProfile(services, requester, params.userId);
    if (isOfOtherServer(services, params.userId)) {
      return services.queryRemoteProfile(params.userId, 'displayname');
    }
    const { displayName } = await existingProfile(services, params.userId);
    return toClientProfile({ displayName, avatarUrl: undefined });
  },
});

export const getAvatarUrl = accountEndpoint({
  operationId: 'getAvatarUrl',
  summary: 'Show where a user’s picture is',
  spec,
  method: 'GET',
  paths: avatarPaths,
  authentication: 'optional',
  guests: true,
  errcodes: ['M_INVALID_PARAM'],
  async handle({ params, requester }, services) {
    await checkMayReadProfile(services, requester, params.userId);
    if (isOfOtherServer(services, params.userId)) {
      return services.queryRemoteProfile(params.userId, 'avatar_url');
    }
    const { avatarUrl } = await existingProfile(services, params.userId);
    return toClientProfile({ displayName: undefined, avatarUrl });
  },
});

export const setDisplayName = accountEndpoint({
  operationId: 'setDisplayName',
  summary: 'Set the display name',
  spec,
  method: 'PUT',
  paths: namePaths,
  authentication: 'required',
  guests: true,
  suspended: false,
  body: Type.Object({ displayname: Type.String() }),
  errcodes: ['M_MISSING_PARAM', 'M_INVALID_PARAM'],
  async handle({ requester, params: { userId }, body }, { accounts, propagateProfile }) {
    await setProfileField(accounts, requester, userId, 'displayName', body.displayname);
    await propagateProfile(userId);
    return {};
  },
});

export const setAvatarUrl = accountEndpoint({
  operationId: 'setAvatarUrl',
  summary: 'Set the picture',
  spec,
  method: 'PUT',
  paths: avatarPaths,
  authentication: 'required',
  suspended: false,
  body: Type.Object({ avatar_url: Type.String() }),
  errcodes: ['M_MISSING_PARAM', 'M_INVALID_PARAM'],
  async handle(
    { requester, params: { userId }, body },
    { accounts, propagateProfile, checkAvatar },
  ) {
    await checkAvatar(body.avatar_url);
    await setProfileField(accounts, requester, userId, 'avatarUrl', body.avatar_url);
    await propagateProfile(userId);
    return {};
  },
});

async function existingProfile(
  { accounts, bringUser }: AccountServices,
  userId: string,
): Promise<Profile> {
  await bringUser(userId);
  const profile = await profileOf(accounts, userId);
  if (profile === undefined) throw notFound('No such profile');
  return profile;
}

function toClientProfile({ displayName, avatarUrl }: Profile): object {
  return {
    ...(displayName === undefined ? {} : { displayname: displayName }),
    ...(avatarUrl === undefined ? {} : { avatar_url: avatarUrl }),
  };
}
