import { federationTests, assertRefused } from './federation-test.ts';

const test = federationTests({
  federation_domain_whitelist: ['friend.example'],
  allow_profile_lookup_over_federation: false,
});

test('a server that is not on the whitelist is refused, before its key is asked for', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const target = '/_matrix/federation/v1/query/profile?user_id=x';
  assertRefused(await peer.request(one.serverName, 'GET', target), 403, 'M_FORBIDDEN');
});
