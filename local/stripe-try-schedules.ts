/** Points about schedules: what takes effect with the end of a period. */
import type { Stripe } from 'stripe';
import { idOf } from '../lambdas/adapters/stripe/connection.ts';
import {
  endWithSchedule,
  goOnWithSchedule,
  releaseSchedule,
  schedulePrice,
} from '../lambdas/adapters/stripe/schedules.ts';
import type { TryAccount } from './stripe-try-account.ts';
import { answerOf, type Point, stateOf } from './stripe-try-points.ts';

const COMPLETED = 'subscription_schedule.completed';
const RELEASED = 'subscription_schedule.released';
const HOUR = 3_600;
/** The draft of a renewal is an hour old before it is paid. */
const RENEWAL = 2 * HOUR;

interface Scheduled {
  id: string;
  schedule: string;
}

/** Subscribes to the large price, and lets the small one follow, as Postage does. */
async function scheduled(account: TryAccount, clock?: Stripe.TestHelpers.TestClock): Promise<Scheduled> {
  const { id } = await account.subscribe('large', clock === undefined ? {} : { clock });
  return { id, schedule: await scheduleSmall(account, id, 'first') };
}

async function scheduleSmall(account: TryAccount, id: string, name: string): Promise<string> {
  const { small } = await account.prices();
  const found = await account.find(id);
  const request = account.request(`${name}:${id}`);
  await schedulePrice(account.connection, found, { priceId: small.id, interval: 'month' }, request);
  return (await account.find(id)).schedule?.id ?? '';
}

async function cancelAtOf(account: TryAccount, id: string): Promise<string> {
  const { subscription, item } = await account.find(id);
  const { cancel_at: at } = subscription;
  return at === null ? 'none' : at === item.current_period_end ? 'the end of the period' : 'another time';
}

/** Ends the subscription of a schedule with its period, as Postage does. */
async function cancel(account: TryAccount, id: string): Promise<void> {
  const found = await account.find(id);
  if (found.schedule !== null) {
    await endWithSchedule(account.connection, found.schedule, found, { deadline: account.deadline });
  }
}

const attached: Point = {
  name: 'A smaller price from the end of the period on, by a schedule',
  expects: {
    price: 'large',
    status: 'active',
    schedule: 'active',
    phases: 'large, small',
    'schedule of the subscription': 'shown',
    cancel_at: 'none',
    end: 'release',
  },
  finding: 'The subscription stays as it is, and shows its schedule with both phases.',
  run: async (account) => {
    const { id, schedule: scheduleId } = await scheduled(account);
    const schedule = await account.stripe.subscriptionSchedules.retrieve(scheduleId);
    const { subscription } = await account.find(id);
    const { price, status } = await stateOf(account, id);
    return {
      price,
      status,
      schedule: schedule.status,
      phases: schedule.phases.map(({ items }) => account.nameOf(items[0]?.price)).join(', '),
      'schedule of the subscription': idOf(subscription.schedule) === scheduleId ? 'shown' : 'none',
      cancel_at: await cancelAtOf(account, id),
      end: schedule.end_behavior,
    };
  },
};

const cancelDirectly: Point = {
  name: 'cancel_at on a subscription that has a schedule',
  expects: { answer: '400' },
  finding: 'Stripe refuses it, so Postage cancels through the schedule.',
  run: async (account) => {
    const { id } = await scheduled(account);
    const { item } = await account.find(id);
    const asked = account.stripe.subscriptions.update(id, { cancel_at: item.current_period_end });
    const { answer, says } = await answerOf(asked);
    return { answer, says };
  },
};

const phasesEnd: Point = {
  name: 'The natural end of the phases, with end_behavior release',
  expects: {
    'after a period': 'small',
    'schedule then': 'active',
    'after two': ['completed', 'released'],
    price: 'small',
    status: 'active',
    event: [COMPLETED, RELEASED, `${COMPLETED} and ${RELEASED}`],
  },
  finding:
    'The price follows with the renewal, and the subscription goes on alone. Postage follows either event.',
  run: async (account) => {
    const clock = await account.clock();
    const { id, schedule } = await scheduled(account, clock);
    const renew = async (): Promise<void> =>
      account.advance(clock, (await account.find(id)).item.current_period_end + RENEWAL);
    const read = async (): Promise<string> =>
      (await account.stripe.subscriptionSchedules.retrieve(schedule)).status;
    await renew();
    const first = { 'after a period': (await stateOf(account, id)).price, 'schedule then': await read() };
    await renew();
    const { price, status } = await stateOf(account, id);
    const event = await account.eventsOf(schedule, [COMPLETED, RELEASED]);
    return { ...first, 'after two': await read(), price, status, event };
  },
};

const releasedAndMade: Point = {
  name: 'A schedule that is released, and another one for the same subscription',
  expects: {
    schedule: 'released',
    'schedule of the subscription': 'none',
    price: 'large',
    next: 'another one',
  },
  finding: 'A released schedule leaves the subscription as it is, and another one can be made.',
  run: async (account) => {
    const { id, schedule } = await scheduled(account);
    const found = await account.find(id);
    if (found.schedule !== null) {
      await releaseSchedule(account.connection, found.schedule, account.request(id));
    }
    const { status } = await account.stripe.subscriptionSchedules.retrieve(schedule);
    const { subscription } = await account.find(id);
    const { price } = await stateOf(account, id);
    const next = await scheduleSmall(account, id, 'second');
    return {
      schedule: status,
      'schedule of the subscription': subscription.schedule === null ? 'none' : 'shown',
      price,
      next: next === '' ? 'none' : next === schedule ? 'the same' : 'another one',
    };
  },
};

const cancelThrough: Point = {
  name: 'A cancellation through the schedule, and taking it back',
  expects: { status: 'active', cancel_at: 'the end of the period', 'taken back': 'none' },
  finding: 'end_behavior cancel shows as cancel_at of the subscription, and release takes it away.',
  run: async (account) => {
    const { id } = await scheduled(account);
    await cancel(account, id);
    const { status } = await stateOf(account, id);
    const cancelAt = await cancelAtOf(account, id);
    const { schedule } = await account.find(id);
    if (schedule !== null) {
      await goOnWithSchedule(account.connection, schedule, { deadline: account.deadline });
    }
    return { status, cancel_at: cancelAt, 'taken back': await cancelAtOf(account, id) };
  },
};

const releaseCancelled: Point = {
  name: 'A schedule that would cancel, released with preserve_cancel_date',
  expects: { cancel_at: 'the end of the period', 'schedule of the subscription': 'none' },
  finding: 'The subscription keeps its cancel_at without its schedule.',
  run: async (account) => {
    const { id } = await scheduled(account);
    await cancel(account, id);
    const { schedule } = await account.find(id);
    if (schedule !== null) {
      await releaseSchedule(account.connection, schedule, account.request(id));
    }
    const { subscription } = await account.find(id);
    return {
      cancel_at: await cancelAtOf(account, id),
      'schedule of the subscription': subscription.schedule === null ? 'none' : 'shown',
    };
  },
};

const anotherCard: Point = {
  name: 'Another card, while a smaller price is scheduled',
  expects: { subscription: 'the new card', schedule: 'the new card', 'next phase': 'none' },
  finding:
    'Stripe copies the card to the defaults of the schedule, and the next phase names none of its own: the new card is charged.',
  run: async (account) => {
    const { id, customer } = await account.subscribe('large');
    const giveCard = async (name: string): Promise<string> => {
      const card = await account.giveCard(customer, name);
      await account.stripe.subscriptions.update(id, { default_payment_method: card });
      return card;
    };
    const former = await giveCard('pm_card_visa');
    await scheduleSmall(account, id, 'first');
    const given = await giveCard('pm_card_mastercard');
    const nameOf = (method: Parameters<typeof idOf>[0]): string => {
      const card = idOf(method);
      return card === given ? 'the new card' : card === former ? 'the former card' : 'none';
    };
    const { subscription, schedule } = await account.find(id);
    return {
      subscription: nameOf(subscription.default_payment_method),
      schedule: nameOf(schedule?.default_settings.default_payment_method),
      'next phase': nameOf(schedule?.phases.at(-1)?.default_payment_method),
    };
  },
};

export const SCHEDULE_POINTS: readonly Point[] = [
  attached,
  anotherCard,
  cancelDirectly,
  phasesEnd,
  releasedAndMade,
  cancelThrough,
  releaseCancelled,
];
