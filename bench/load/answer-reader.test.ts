import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AnswerReader, type Answer } from './answer-reader.ts';

const plain = 'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello';
const empty = 'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n';
const chunked =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' +
  '5\r\nhello\r\n19\r\n, this has\r\n a line in it\r\n0\r\n\r\n';

const answers = [
  { text: plain, status: 200, body: 'hello' },
  { text: empty, status: 403, body: '' },
  { text: chunked, status: 200, body: 'hello, this has\r\n a line in it' },
];

for (const pieceBytes of [1, 2, 7, 64, 1000]) {
  test(`reads answers that come in pieces of ${pieceBytes} bytes`, () => {
    const reader = new AnswerReader();
    for (const { text, status, body } of answers) {
      const answer = readIn(reader, text, pieceBytes);
      assert.equal(answer?.status, status);
      assert.equal(answer?.body.toString(), body);
    }
  });
}

test('refuses an answer whose end cannot be known, and one that was not asked for', () => {
  const endless = Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n');
  assert.throws(() => new AnswerReader().push(endless), /without a length/);
  assert.throws(() => new AnswerReader().push(Buffer.from(plain + plain)), /more than one/);
});

function readIn(reader: AnswerReader, text: string, pieceBytes: number): Answer | undefined {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const answer = reader.push(bytes.subarray(at, at + pieceBytes));
    if (answer !== undefined) {
      assert.equal(Math.min(at + pieceBytes, bytes.length), bytes.length);
      return answer;
    }
  }
  return undefined;
}
