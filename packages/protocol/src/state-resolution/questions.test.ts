import assert from 'node:assert/strict';
import { test } from 'node:test';

import { knownVersion } from '../../testing/room-versions.ts';
import { MemoryRoom } from '../../testing/state-resolution/memory-room.ts';
import {
  ALICE,
  BEGINNING,
  drawnRoom,
  drawnState,
  member,
  topic,
} from '../../testing/state-resolution/scenarios/scenario.ts';
import type { DrawnEvent } from '../../testing/state-resolution/scenarios/scenario.ts';
import { resolveState } from './resolve-state.ts';
import type { ResolutionSource } from './types.ts';

const GUESTS = Array.from({ length: 200 }, (_, index) => `guest${index}`);

test('a source is asked for what is in conflict and what authorises it, however much the states share', async () => {
  const guests = GUESTS.map((name): [string, DrawnEvent] => [
    name,
    member(`@${name}:example.org`, 'join', ['levels0', 'rule0']),
  ]);
  const events = {
    ...BEGINNING,
    ...Object.fromEntries(guests),
    topic1: topic(ALICE, ['alice', 'levels0']),
    topic2: topic(ALICE, ['alice', 'levels0']),
  };
  const scenario = { title: '', events, states: [], expected: {} };
  const shared = ['alice', 'levels0', 'rule0', 'bob', ...GUESTS];
  for (const id of ['1', '11', '12']) {
    const version = knownVersion(id);
    const room = new MemoryRoom(version, drawnRoom(scenario, version));
    const asked = new Set<string>();
    let batches = 0;
    const note = <Item>(nids: readonly number[], answer: Item): Item => {
      batches += 1;
      for (const nid of nids) asked.add(room.eventIds.text(nid).replace(/\$(.*):.*/, '$1'));
      return answer;
    };
    const source: ResolutionSource = {
      ...room.source,
      authEvents: (nids) => note(nids, room.source.authEvents(nids)),
      events: (nids) => note(nids, room.source.events(nids)),
    };
    const states = ['topic1', 'topic2'].map((name) => drawnState(scenario, [...shared, name]));
    const { resolved } = await resolveState(room.question(states), source);
    assert.equal(resolved.size, 1);
    assert.deepEqual([...asked].toSorted(), ['alice', 'create', 'levels0', 'topic1', 'topic2']);
    assert.ok(batches < 10);
  }
});

test('what fails in a source fails the resolution', async () => {
  const room = new MemoryRoom(knownVersion('11'));
  const question = room.question([new Map([['a|', '$a']]), new Map([['a|', '$b']])]);
  const failure = new Error('the database is gone');
  const source = { ...room.source, authEvents: () => Promise.reject(failure) };
  await assert.rejects(resolveState(question, source), failure);
});
