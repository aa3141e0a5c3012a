import { readFileSync } from 'node:fs';

import { playPartialRoom, join, memberIds } from './tests/federation/partial-room.ts';
import { registerUser, sendText } from './tests/harness/client.ts';
import { testEngines } from './tests/harness/engines.ts';
import { startFederation } from './tests/harness/federation.ts';
const n = Number(process.argv[2] ?? 1000);
const name = process.argv[3] ?? 'sqlite';
const engine = testEngines().find((e) => e.name === name)!;
const federation = await startFederation({ engine, servers: 1 });
const [server] = federation.servers;
const peer = await federation.startPeer();
let t = performance.now();
const played = playPartialRoom(peer, n);
console.log('built', n, Math.round(performance.now() - t), 'ms');
const alice = await registerUser(server!, 'alice');
const gaps: number[] = [];
let running = true;
const pid = Number(process.env['SERVER_PID'] ?? 0);
t = performance.now();
await join(alice, played.room);
console.log('joined', Math.round(performance.now() - t), 'ms');
await sendText(alice, played.room.roomId, 'first');
console.log('sent', Math.round(performance.now() - t), 'ms');
played.gate.open();
// probe the event loop by a cheap request
const probe = (async () => {
  while (running) {
    const s = performance.now();
    await fetch(`${server!.url}/_matrix/client/versions`).then((r) => r.text());
    gaps.push(performance.now() - s);
    await new Promise((r) => setTimeout(r, 10));
  }
})();
const sends: number[] = [];
const sender = (async () => {
  while (running) {
    const s = performance.now();
    await sendText(alice, played.room.roomId, 'more');
    sends.push(performance.now() - s);
    await new Promise((r) => setTimeout(r, 200));
  }
})();
for (;;) {
  try {
    const ids = await memberIds(alice, played.room.roomId);
    console.log('members', ids.length);
    break;
  } catch (e) {
    console.log(String(e).slice(0, 100));
  }
}
console.log('whole', Math.round(performance.now() - t), 'ms');
running = false;
await probe;
await sender;
const q = (a: number[], p: number) =>
  Math.round(a.toSorted((x, y) => x - y)[Math.min(a.length - 1, Math.floor(a.length * p))] ?? 0);
console.log('probe p50', q(gaps, 0.5), 'p99', q(gaps, 0.99), 'max', q(gaps, 1), 'n', gaps.length);
console.log(
  'sends p50',
  q(sends, 0.5),
  'p99',
  q(sends, 0.99),
  'max',
  q(sends, 1),
  'n',
  sends.length,
);
await federation.dispose();
process.exit(0);
