import { EVENTS, type EventName, type PostageEvent } from './events.ts';
import { type Instant, toIso } from './instants.ts';

/** An event, with the id that follows from what it is about. */
export function event<Name extends EventName>(
  name: Name,
  userId: string,
  about: readonly (string | number)[],
  at: Instant,
  data: DataOf<Name>,
): PostageEvent {
  const id = [name, userId, ...about].join(':');
  // Name, version and data belong together by their types; the compiler does not follow a name through a union.
  return { name, version: EVENTS[name].version, id, at: toIso(at), userId, data } as PostageEvent;
}

type DataOf<Name extends EventName> = Extract<PostageEvent, { name: Name }>['data'];
