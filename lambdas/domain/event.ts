/** What an event is, and how it is made. */
import { type Instant, toIso } from './instants.ts';

export interface EventOf<Name extends string, Version extends number, Data> {
  name: Name;
  /** Raised when the data change in a way that a consumer could stumble over; more members are no such change. */
  version: Version;
  /** The same however often the event is published. */
  id: string;
  /** When it happened: an instant in ISO 8601. */
  at: string;
  userId: string;
  /** Ids, counts and instants. Never what users write, or whom to. */
  data: Data;
}

/** The events whose data these are, by their names. Their catalogue says their versions. */
export type EventsOf<Data> = { [Name in keyof Data & string]: EventOf<Name, number, Data[Name]> }[keyof Data &
  string];

export type AnyEvent = EventOf<string, number, object>;

/** Events by name: what each of them means, and the version that is published. */
export type EventCatalogue<Event extends AnyEvent> = {
  readonly [Name in Event['name']]: { version: Extract<Event, { name: Name }>['version']; says: string };
};

export type DataOf<Event extends AnyEvent, Name> = Extract<Event, { name: Name }>['data'];

/** Makes the events of a catalogue, each with the id that follows from what it is about. */
export function eventMaker<Event extends AnyEvent>(catalogue: EventCatalogue<Event>) {
  return <Name extends Event['name']>(
    name: Name,
    userId: string,
    about: readonly (string | number)[],
    at: Instant,
    data: DataOf<Event, Name>,
  ): Extract<Event, { name: Name }> => {
    const id = [name, userId, ...about].join(':');
    const made: AnyEvent = { name, version: catalogue[name].version, id, at: toIso(at), userId, data };
    // Name, version and data belong together by their types; the compiler does not follow a name through a union.
    return made as Extract<Event, { name: Name }>;
  };
}
