import { readStoredAccount } from '../lambdas/adapters/dynamodb/accounts.ts';
import type { WriteOutcome } from '../lambdas/commands/deciding-write.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import { type CommandContext } from '../lambdas/commands/command-context.ts';
import {
  deductMailCredit,
  type LetterRefusal,
  trackEmailDelivery,
} from '../lambdas/letters/commands/schedule-delivery.ts';
import { trackLetterCreation } from '../lambdas/letters/commands/create-letter.ts';
import type { Deadline } from '../lambdas/domain/deadline.ts';
import { DAY_MS, HOUR_MS, type Instant, utcDay } from '../lambdas/domain/instants.ts';
import { promiseAt } from '../lambdas/letters/domain/deliveries.ts';
import { boundary, boundaryAtOrBefore, CALENDAR_ANCHOR } from '../lambdas/domain/periods.ts';
import { commandId, fingerprint } from '../lambdas/http/ids.ts';
import type { DemoUser } from './sign-in.ts';
import { givePlan, localSubscription } from './local-subscription.ts';

/** What a demo user did in one period. */
type Period = readonly [letters: number, emails: number, mails: number];

interface Story {
  userId: string;
  about: string;
  plan: string;
  /** Oldest first; the last one is still open. */
  periods: readonly Period[];
}

function story(userId: string, about: string, plan: string, ...periods: Period[]): Story {
  return { userId, about, plan, periods };
}

const STORIES: readonly Story[] = [
  story('demo-free', 'On the free plan, near its limit', 'none', [3, 0, 0], [5, 0, 0], [4, 0, 0]),
  story('demo-pro', 'Subscribed to Pro, with a history', 'pro', [2, 1, 2], [1, 0, 1], [1, 1, 1]),
  story(
    'demo-enterprise',
    'Subscribed to Enterprise, with carried credits',
    'enterprise',
    [2, 1, 4],
    [1, 0, 2],
    [1, 1, 2],
  ),
];

/** As the page to sign in offers them. */
export const DEMO_PEOPLE: readonly DemoUser[] = STORIES.map(({ userId, about }) => ({
  id: userId,
  about,
  isOwner: false,
}));

export const DEMO_USERS: readonly string[] = STORIES.map(({ userId }) => userId);

/** How far the open period of a demo subscription has come. */
const INTO_PERIOD_MS = 9 * DAY_MS;
const BETWEEN_COMMANDS_MS = 6 * HOUR_MS;

/**
 * Gives each demo user a history. It carries out the commands that requests would have, so the history is a possible
 * one. It leaves users alone who exist.
 *
 * @throws BusyError
 */
export async function seedDemoUsers(store: Store, now: Instant, deadline: Deadline): Promise<void> {
  await Promise.all(STORIES.map((story) => tell(store, story, now, deadline)));
}

async function tell(store: Store, story: Story, now: Instant, deadline: Deadline): Promise<void> {
  const { userId, plan, periods } = story;
  if ((await readStoredAccount(store, userId, deadline)) !== null) {
    return;
  }
  const monthsAgo = periods.length - 1;
  const lastStart = boundaryAtOrBefore(CALENDAR_ANCHOR, now);
  const anchor =
    plan === 'none' ? boundary(lastStart, -monthsAgo) : boundary(now - INTO_PERIOD_MS, -monthsAgo);
  if (plan !== 'none') {
    const facts = localSubscription(userId, { plan, interval: 'month', anchor });
    await givePlan(store, userId, facts, anchor, deadline);
  }
  for (const [index, period] of periods.entries()) {
    await usePeriod(store, { userId, period, start: boundary(anchor, index), now, deadline });
  }
}

interface PeriodToUse {
  userId: string;
  period: Period;
  start: Instant;
  now: Instant;
  deadline: Deadline;
}

/** Writes the period's letters, then schedules its deliveries of the first letter. */
async function usePeriod(store: Store, { userId, period, start, now, deadline }: PeriodToUse): Promise<void> {
  const [letterCount, emailCount, mailCount] = period;
  let commands = 0;
  const next = (route: string): CommandContext => {
    commands += 1;
    const at = Math.min(start + commands * BETWEEN_COMMANDS_MS, now);
    const key = `demo ${start} ${commands}`;
    return { userId, id: commandId(route, userId, key), fingerprint: fingerprint(key), now: at, deadline };
  };
  const letters: string[] = [];
  for (let count = 1; count <= letterCount; count += 1) {
    const text = { title: `Letter ${count} to my future self`, body: 'Dear me, how did it go?' };
    const letter = created(await trackLetterCreation(store, next('POST /letters'), text));
    letters.push(letter.id);
  }
  const [letterId = ''] = letters;
  for (let count = 1; count <= emailCount; count += 1) {
    const delivery = {
      letterId,
      // At nine in the morning where they live.
      ...promiseAt({ local: `${utcDay(now + count * 90 * DAY_MS)}T09:00:00`, zone: 'America/Chicago' }, now),
      recipient: { email: `${userId}@example.com` },
    };
    created(await trackEmailDelivery(store, next('POST /deliveries'), delivery));
  }
  for (let count = 1; count <= mailCount; count += 1) {
    const delivery = { letterId, deliverAt: now + count * 365 * DAY_MS, recipient: ADDRESS };
    created(await deductMailCredit(store, next('POST /deliveries'), delivery));
  }
}

const ADDRESS = {
  name: 'Dee Moe',
  line1: '1 Example Street',
  city: 'Springfield',
  state: 'IL',
  postalCode: '62701',
  country: 'US',
};

function created<Kept>(
  outcome: WriteOutcome<Kept> | { outcome: LetterRefusal['outcome'] | 'too_many' },
): Kept {
  if (outcome.outcome !== 'created') {
    throw new Error(`A demo user's history does not hold together: ${JSON.stringify(outcome)}.`);
  }
  return outcome.record;
}
