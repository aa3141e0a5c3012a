import type { TestDraft } from './servers-under-test.ts';

export const message = (sender: string, body: string): TestDraft => ({
  type: 'm.room.message',
  sender,
  content: { msgtype: 'm.text', body },
});
export const topic = (sender: string, text: string): TestDraft => ({
  type: 'm.room.topic',
  stateKey: '',
  sender,
  content: { topic: text },
});

export const member = (sender: string, target: string, membership: string): TestDraft => ({
  type: 'm.room.member',
  stateKey: target,
  sender,
  content: { membership },
});
