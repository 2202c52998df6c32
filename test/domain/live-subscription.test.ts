import { describe, expect, it } from '@jest/globals';
import { newAccount, type Subscription } from '../../lambdas/domain/account.ts';
import {
  type BilledSubscription,
  type Choice,
  chooseSubscription,
  followChoice,
} from '../../lambdas/domain/live-subscription.ts';
import { at, givenSubscriber, active, pastDue, shown } from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

const NOW = at('2026-06-15T12:00:00Z');

const PRO = { plan: 'pro', interval: 'month' } as const;
const PRO_YEARLY = { plan: 'pro', interval: 'year' } as const;
const ENTERPRISE = { plan: 'enterprise', interval: 'month' } as const;

function billed(about: Partial<BilledSubscription> = {}): BilledSubscription {
  return {
    id: 'sub_1',
    status: 'active',
    createdAt: at('2026-05-31'),
    offer: PRO,
    anchor: at('2026-05-31'),
    cancelAt: null,
    trialEndsAt: null,
    endsWithTrial: false,
    unpaidSince: null,
    paidOffer: null,
    ...about,
  };
}

function choose(
  subscriptions: readonly BilledSubscription[],
  stored: Subscription = { status: 'none' },
): Choice {
  return chooseSubscription(subscriptions, stored, NOW, LETTERS);
}

/** The choice as one line: plan, status, id and every end that it has. */
function line(choice: Choice): string {
  if (choice.outcome !== 'chosen') {
    return choice.outcome;
  }
  const { facts, concerns } = choice;
  if (facts === null) {
    return ['none', ...concerns].join(' ');
  }
  const { subscription } = facts;
  const ends = [
    subscription.status === 'trialing' ? `trial to ${shown(subscription.trialEndsAt)}` : null,
    subscription.status === 'past_due' ? `grace to ${shown(subscription.graceEndsAt)}` : null,
    subscription.endsAt === null ? null : `ends ${shown(subscription.endsAt)}`,
  ].filter((end) => end !== null);
  return [facts.plan, subscription.interval, subscription.status, subscription.id, ...ends, ...concerns].join(
    ' ',
  );
}

describe('the status of one subscription', () => {
  it.each<[string, Partial<BilledSubscription>, string]>([
    ['active', {}, 'pro month active sub_1'],
    ['by the year', { offer: PRO_YEARLY }, 'pro year active sub_1'],
    ['enterprise', { offer: ENTERPRISE }, 'enterprise month active sub_1'],
    [
      'on trial',
      { status: 'trialing', trialEndsAt: at('2026-06-30') },
      'pro month trialing sub_1 trial to 2026-06-30',
    ],
    [
      'on trial, of which Stripe names only the anchor',
      { status: 'trialing', anchor: at('2026-06-30') },
      'pro month trialing sub_1 trial to 2026-06-30',
    ],
    [
      'on a trial that has just ended, by the clock',
      { status: 'trialing', trialEndsAt: at('2026-06-15') },
      'pro month trialing sub_1 trial to 2026-06-15',
    ],
    [
      'past due, within grace',
      { status: 'past_due', unpaidSince: at('2026-06-10') },
      'pro month past_due sub_1 grace to 2026-06-17',
    ],
    ['past due, grace over', { status: 'past_due', unpaidSince: at('2026-06-01') }, 'none'],
    [
      'past due, grace over at this very instant',
      { status: 'past_due', unpaidSince: at('2026-06-08T12:00:00Z') },
      'none',
    ],
    ['unpaid', { status: 'unpaid' }, 'none'],
    ['canceled', { status: 'canceled' }, 'none'],
    ['paused', { status: 'paused' }, 'none'],
    ['incomplete', { status: 'incomplete' }, 'none'],
    ['incomplete_expired', { status: 'incomplete_expired' }, 'none'],
    ['of a status that is not known yet', { status: 'dormant' }, 'none'],
  ])('%s', (_, about, expected) => {
    expect(line(choose([billed(about)]))).toBe(expected);
  });

  it('none at all', () => {
    expect(line(choose([]))).toBe('none');
  });

  it('the anchor is the billing cycle anchor', () => {
    expect(choose([billed()])).toMatchObject({ facts: { anchor: at('2026-05-31') } });
  });
});

describe('the scheduled end', () => {
  it.each<[string, Partial<BilledSubscription>, string]>([
    ['is `cancel_at`', { cancelAt: at('2026-06-30') }, 'pro month active sub_1 ends 2026-06-30'],
    ['has passed', { cancelAt: at('2026-06-15') }, 'none'],
    [
      'is the end of a trial without a payment method',
      { status: 'trialing', trialEndsAt: at('2026-06-30'), endsWithTrial: true },
      'pro month trialing sub_1 trial to 2026-06-30 ends 2026-06-30',
    ],
    [
      'is the earlier of both',
      {
        status: 'trialing',
        trialEndsAt: at('2026-06-30'),
        endsWithTrial: true,
        cancelAt: at('2026-06-20'),
      },
      'pro month trialing sub_1 trial to 2026-06-30 ends 2026-06-20',
    ],
    [
      'is not that of a trial that is over',
      { trialEndsAt: at('2026-05-31'), endsWithTrial: true },
      'pro month active sub_1',
    ],
  ])('%s', (_, about, expected) => {
    expect(line(choose([billed(about)]))).toBe(expected);
  });
});

describe('the grace of a subscription that is past due without an open invoice', () => {
  const stored = pastDue({ graceEndsAt: '2026-06-20' }).subscription;
  const subscription = billed({ status: 'past_due' });

  it('is the stored one', () => {
    expect(line(choose([subscription], stored))).toBe('pro month past_due sub_1 grace to 2026-06-20');
  });

  it.each<[string, Subscription]>([
    ['is not known, when nothing is stored', { status: 'none' }],
    ["is not known, when another subscription's is stored", { ...stored, id: 'sub_0' }],
    ['is not known, when it was active', active({}).subscription],
  ])('%s', (_, other) => {
    expect(choose([subscription], other)).toEqual({ outcome: 'grace_unknown' });
  });

  it('does not matter beside an active one', () => {
    expect(line(choose([subscription, billed({ id: 'sub_2' })]))).toBe('pro month active sub_2');
  });

  it('matters beside another that is past due', () => {
    const other = billed({ id: 'sub_2', status: 'past_due', unpaidSince: at('2026-06-10') });
    expect(choose([subscription, other])).toEqual({ outcome: 'grace_unknown' });
  });
});

describe('two live subscriptions', () => {
  const unpaid = { status: 'past_due', unpaidSince: at('2026-06-10') };
  it.each<[string, Partial<BilledSubscription>, Partial<BilledSubscription>]>([
    ['the paid one, before the larger plan', { id: 'best' }, { ...unpaid, offer: ENTERPRISE }],
    [
      'the one on trial, before the larger plan',
      { id: 'best', status: 'trialing', trialEndsAt: at('2026-06-30') },
      { ...unpaid, offer: ENTERPRISE },
    ],
    ['the larger plan, before the older', { id: 'best', offer: ENTERPRISE, createdAt: NOW }, {}],
    ['the older', { id: 'best', createdAt: at('2026-05-30') }, {}],
    ['the first by its id, when both were made in the same second', { id: 'best' }, {}],
    ['the older of two that are past due', { id: 'best', ...unpaid, createdAt: at('2026-05-30') }, unpaid],
  ])('%s', (_, one, other) => {
    for (const subscriptions of [
      [billed(one), billed(other)],
      [billed(other), billed(one)],
    ]) {
      const choice = choose(subscriptions);
      expect(choice).toMatchObject({
        facts: { subscription: { id: 'best' } },
        concerns: ['two_subscriptions'],
      });
    }
  });

  it('raise no alarm when one of them is over', () => {
    expect(line(choose([billed(), billed({ id: 'sub_2', status: 'canceled' })]))).toBe(
      'pro month active sub_1',
    );
  });
});

describe('an upgrade that is not paid', () => {
  const unpaid = { status: 'past_due', unpaidSince: at('2026-06-10') };

  it.each<[string, Partial<BilledSubscription>, string]>([
    ['gives the plan that was paid last', { offer: ENTERPRISE, paidOffer: PRO }, 'pro'],
    ['by another interval, too', { offer: ENTERPRISE, paidOffer: PRO_YEARLY }, 'pro'],
    [
      'gives the plan of a renewal that was paid before',
      { offer: ENTERPRISE, paidOffer: ENTERPRISE },
      'enterprise',
    ],
    ['gives the smaller plan after a larger one was paid', { offer: PRO, paidOffer: ENTERPRISE }, 'pro'],
    ['gives the plan when none is known that was paid', { offer: ENTERPRISE }, 'enterprise'],
  ])('%s', (_, about, plan) => {
    expect(choose([billed({ ...unpaid, ...about })])).toMatchObject({ facts: { plan } });
  });

  it('is asked about only while it is past due', () => {
    const paid = billed({ offer: ENTERPRISE, paidOffer: PRO });
    expect(choose([paid])).toMatchObject({ facts: { plan: 'enterprise' } });
  });
});

describe('an unknown price', () => {
  const own = active({ id: 'sub_1' }).subscription;

  it('of the own subscription leaves what is stored as it is', () => {
    expect(choose([billed({ offer: null })], own)).toEqual({ outcome: 'unknown_price' });
  });

  it('of the own subscription, beside a known one, raises the alarm only', () => {
    expect(line(choose([billed({ offer: null }), billed({ id: 'sub_2' })], own))).toBe(
      'pro month active sub_2 unknown_price',
    );
  });

  it('of the own subscription does not matter when that is over', () => {
    expect(line(choose([billed({ offer: null, status: 'canceled' })], own))).toBe('none');
    expect(line(choose([billed({ offer: null, cancelAt: at('2026-06-01') })], own))).toBe('none');
    const unpaid = { status: 'past_due', unpaidSince: at('2026-06-01') };
    expect(line(choose([billed({ offer: null, ...unpaid })], own))).toBe('none');
  });
});

describe("another product's subscription of the same customer", () => {
  const own = active({ id: 'sub_1' }).subscription;
  const other = billed({ id: 'sub_2', offer: null });

  it('gives no plan', () => {
    expect(choose([other])).toMatchObject({ facts: null, hadSubscription: false, concerns: [] });
  });

  it('keeps no plan whose own subscription has ended', () => {
    expect(line(choose([other, billed({ status: 'canceled' })], own))).toBe('none');
  });

  it('raises no alarm beside the own one', () => {
    expect(line(choose([billed(), other], own))).toBe('pro month active sub_1');
  });

  it('is nobody’s to wait for', () => {
    expect(line(choose([billed({ ...other, status: 'past_due' })]))).toBe('none');
  });
});

describe('from when the choice may be written', () => {
  it.each<[string, Partial<BilledSubscription>, string | null]>([
    ['its anchor, which has been reached whatever the clock says', {}, '2026-05-31'],
    [
      'any time, while a trial ends at the anchor',
      { status: 'trialing', trialEndsAt: at('2026-06-30') },
      null,
    ],
    ['any time, when a trial has ended there', { trialEndsAt: at('2026-05-31') }, null],
  ])('%s', (_, about, notBefore) => {
    expect(choose([billed(about)])).toMatchObject({ notBefore: notBefore === null ? 0 : at(notBefore) });
  });

  it('any time, when nothing gives a plan', () => {
    expect(choose([])).toMatchObject({ notBefore: 0 });
  });
});

describe('following the choice', () => {
  const none = { facts: null, hadSubscription: true };

  it('begins the subscription', () => {
    const { account } = followChoice(
      newAccount('user', NOW, LETTERS),
      { facts: active({ anchor: '2026-06-15' }), hadSubscription: true },
      NOW,
      LETTERS,
    );
    expect(account).toMatchObject({ plan: 'pro', subscription: { status: 'active' } });
  });

  it('ends the subscription', () => {
    const { account } = followChoice(givenSubscriber(active({}), '2026-06-15'), none, NOW, LETTERS);
    expect(account).toMatchObject({ plan: 'none', subscription: { status: 'canceled' } });
  });

  it('G10: one that came and went unheard of leaves the same status as one that was followed', () => {
    const { account } = followChoice(newAccount('user', NOW, LETTERS), none, NOW, LETTERS);
    expect(account).toMatchObject({ plan: 'none', subscription: { status: 'canceled' } });
  });

  it('one that never began leaves none', () => {
    const choice = choose([billed({ status: 'incomplete_expired' })]);
    expect(choice).toMatchObject({ hadSubscription: false });
    const { account } = followChoice(
      newAccount('user', NOW, LETTERS),
      { ...none, hadSubscription: false },
      NOW,
      LETTERS,
    );
    expect(account.subscription).toEqual({ status: 'none' });
  });
});
