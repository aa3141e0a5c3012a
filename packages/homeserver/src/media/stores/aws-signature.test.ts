import assert from 'node:assert/strict';
import { test } from 'node:test';

import { emptySha256, signedHeaders } from './aws-signature.ts';

test('the example of the S3 documentation has its signature', () => {
  const request = {
    method: 'GET',
    url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'),
    headers: { range: 'bytes=0-9' },
    bodySha256: emptySha256,
  };
  const identity = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    sessionToken: undefined,
    region: 'us-east-1',
  };
  const { authorization } = signedHeaders(request, identity, new Date('2013-05-24T00:00:00Z'));
  const signature = 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41';
  assert.equal(authorization?.split('Signature=')[1], signature);
});
