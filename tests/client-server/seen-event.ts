import { textAt, valueAt } from '../harness/json-path.ts';

/** An event as a client was given it. What an event may lack is an empty text or object here. */
export interface SeenEvent {
  readonly type: string;
  /** Undefined for what is no state event. */
  readonly stateKey: unknown;
  readonly sender: string;
  readonly eventId: string;
  readonly content: unknown;
  readonly unsigned: unknown;
  /** The JSON itself. */
  readonly json: unknown;
}

export function eventFrom(json: unknown): SeenEvent {
  const text = (name: string): string => {
    const value = valueAt(json, name);
    return typeof value === 'string' ? value : '';
  };
  return {
    type: textAt(json, 'type'),
    stateKey: valueAt(json, 'state_key'),
    sender: text('sender'),
    eventId: text('event_id'),
    content: valueAt(json, 'content') ?? {},
    unsigned: valueAt(json, 'unsigned') ?? {},
    json,
  };
}

export function eventsFrom(list: readonly unknown[]): SeenEvent[] {
  return list.map(eventFrom);
}

/** The texts of messages, and the types of other events. */
export function tell(events: readonly SeenEvent[]): string[] {
  return events.map(({ type, content }) => {
    const body = valueAt(content, 'body');
    return typeof body === 'string' ? body : type;
  });
}

export function ids(events: readonly SeenEvent[]): string[] {
  return events.map(({ eventId }) => eventId);
}

/** The state event of a type and key, if it is among them. */
export function find(
  events: readonly SeenEvent[],
  type: string,
  stateKey: string = '',
): SeenEvent | undefined {
  return events.find((event) => event.type === type && event.stateKey === stateKey);
}

/** Users whose member events are among them, sorted. */
export function memberIds(events: readonly SeenEvent[]): string[] {
  return events
    .filter(({ type }) => type === 'm.room.member')
    .map(({ stateKey }) => String(stateKey))
    .toSorted();
}
