/** What users do, in more than one file of the suite. */
import * as z from 'zod/mini';
import type { Instant } from '../../../lambdas/domain/instants.ts';
import { type Answer, ask, expectAnswer } from './http.ts';
import type { Person } from './people.ts';
import type { Subscription, User, World } from './world.ts';

export const LETTER = { title: 'To myself in ten years', body: 'Dear me,\ndid you learn to swim? – Ada ✉' };

export async function writeLetter(world: World, { token }: User, key?: string): Promise<Answer> {
  return ask(world, 'POST /letters', { token, json: LETTER, ...(key === undefined ? {} : { key }) });
}

/** A letter to send. */
export async function givenLetter(world: World, user: User): Promise<string> {
  const letter = await writeLetter(world, user);
  expectAnswer(letter, 201);
  return z.parse(z.string(), letter.body['id']);
}

export const RECIPIENTS = {
  email: { email: 'ada@example.com' },
  mail: {
    name: 'Ada Lovelace',
    line1: '12 St James’s Square',
    city: 'London',
    postalCode: 'SW1Y 4JH',
    country: 'GB',
  },
};

/** The day on which deliveries are due. */
export const DELIVER_AT = '2090-01-31T09:00:00.000Z';

export async function schedule(
  world: World,
  { token }: User,
  letterId: string,
  channel: keyof typeof RECIPIENTS,
  deliverAt: string | { local: string; zone: string } = DELIVER_AT,
): Promise<Answer> {
  const json = { letterId, channel, deliverAt, recipient: RECIPIENTS[channel] };
  return ask(world, 'POST /deliveries', { token, json });
}

export async function givenSubscriber(
  world: World,
  person: Person,
  subscription: Omit<Subscription, 'anchor'> & { anchor?: Instant },
): Promise<User> {
  const user = await world.meet(person);
  const anchor = subscription.anchor ?? (await world.now()) - 1_000;
  await world.beginSubscription(user.userId, { ...subscription, anchor });
  return user;
}

/**
 * An anchor whose monthly periods have a boundary at the instant: the same time of the same day, some years before.
 * (Four years before 29 February is one too, if not across the year 2100.)
 */
export function anchorWithBoundaryAt(instant: Instant): Instant {
  const date = new Date(instant);
  return date.setUTCFullYear(date.getUTCFullYear() - 4);
}
