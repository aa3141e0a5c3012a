import assert from 'node:assert/strict';
import { test } from 'node:test';

import { detailsAfter, detailsOfState } from './room-details.ts';

const none = detailsOfState(() => undefined);

test('a room without state is closed and nameless', () => {
  assert.equal(none.joinRule, 'invite');
  assert.deepEqual([none.worldReadable, none.guestsCanJoin], [false, false]);
  assert.equal(none.name, undefined);
});

test('what is no text, or an empty one, is as if it were not there', () => {
  for (const name of ['', 7, null, ['x']]) {
    const named = detailsAfter({ ...none, name: 'before' }, 'm.room.name', { name });
    assert.equal(named?.name, undefined);
  }
  assert.equal(detailsAfter(none, 'm.room.join_rules', {})?.joinRule, 'invite');
  assert.equal(detailsAfter(none, 'constructor', { name: 'x' }), undefined);
});

test('of a topic with several representations the plain one is shown, or else the older text', () => {
  const topicOf = (content: object): string | undefined =>
    detailsAfter(none, 'm.room.topic', { ...content })?.topic;
  const html = { mimetype: 'text/html', body: '<b>T</b>' };
  assert.equal(topicOf({ topic: 'old' }), 'old');
  assert.equal(
    topicOf({ topic: 'old', 'm.topic': { 'm.text': [html, { body: 'plain' }] } }),
    'plain',
  );
  assert.equal(topicOf({ topic: 'old', 'm.topic': { 'm.text': [html] } }), 'old');
  assert.equal(topicOf({ 'm.topic': { 'm.text': [html] } }), undefined);
  assert.equal(topicOf({ topic: 'old', 'm.topic': 'nonsense' }), 'old');
});
