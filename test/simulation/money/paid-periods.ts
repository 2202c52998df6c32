/** Nobody gets what nobody paid for: the credits that periods have granted, beside the invoices at Stripe. */
import { expect } from '@jest/globals';
import type { Stripe } from 'stripe';
import { type MovementKind } from '../../../lambdas/domain/credits.ts';
import { DAY_MS } from '../../../lambdas/domain/instants.ts';
import { type Offer } from '../../../lambdas/domain/live-subscription.ts';
import { LETTERS } from '../../support/catalogues.ts';
import { ENTERPRISE, PRO, PRO_YEARLY } from '../../support/payments.ts';
import { idOf } from '../../support/stripe.ts';
import { itemsOf } from '../../support/users.ts';
import { type Side, type World } from './world.ts';

/** What a period's allowance does to the balance. What it leaves unspent expires, is carried, or is withheld. */
const OF_PERIODS: readonly string[] = [
  'allowance',
  'withheld',
  'made_good',
  'restored',
  'expiry',
] satisfies MovementKind[];

interface Movements {
  movements?: readonly { kind: string; amount: number }[];
}

async function grantedByPeriods({ userId }: World, { services }: Side): Promise<number> {
  const items = [...(await itemsOf(services.store, userId)).values()];
  const lines = items.flatMap((item): { kind?: unknown; amount?: unknown }[] => [
    item,
    ...((item as Movements).movements ?? []),
  ]);
  return lines
    .filter(({ kind }) => OF_PERIODS.includes(String(kind)))
    .reduce((sum, { amount }) => sum + Number(amount), 0);
}

/** What an invoice was for, by the lines that somebody has to pay: the largest plan, and the interval. */
export function paidFor({ lines }: Stripe.Invoice): Offer | null {
  const prices = lines.data
    .filter(({ amount }) => amount >= 0)
    .map(({ pricing }) => idOf(pricing?.price_details?.price));
  return OFFERS.find(([price]) => prices.includes(price))?.[1] ?? null;
}

/** The larger plan first. */
const OFFERS: readonly (readonly [string, Offer])[] = [
  [ENTERPRISE, { plan: 'enterprise', interval: 'month' }],
  [PRO, { plan: 'pro', interval: 'month' }],
  [PRO_YEARLY, { plan: 'pro', interval: 'year' }],
];

const allowanceOf = (plan: string): number =>
  LETTERS.plans.find(({ id }) => id === plan)?.creditsPerPeriod ?? 0;

const MOST = Math.max(...LETTERS.plans.map(({ creditsPerPeriod }) => creditsPerPeriod));

/** An open invoice counts as long as it has not failed. One that the owner voids or writes off counts as paid. */
function isTrusted({ status, attempted }: Stripe.Invoice): boolean {
  return status === 'draft' || status === 'open' ? !attempted : true;
}

function allowanceFor(world: World, invoice: Stripe.Invoice): number {
  const offer = paidFor(invoice);
  if (offer === null || !isTrusted(invoice)) {
    return 0;
  }
  // In a trial the plan may change without an invoice.
  const isTrial = invoice.lines.data.every(({ amount }) => amount === 0);
  const months = Math.ceil((world.stripe.clock.now() - invoice.created * 1_000) / (28 * DAY_MS)) + 1;
  const periods = offer.interval === 'year' ? Math.min(12, months) : 1;
  return periods * (isTrial ? MOST : allowanceOf(offer.plan));
}

/**
 * Once all events have been delivered, the credits that periods have granted, less those that have expired or are
 * withheld, are no more than the invoices that are paid or may still be, and what was spent before a failure was learnt.
 */
export async function expectPaidPeriods(
  world: World,
  side: Side,
  invoices: readonly Stripe.Invoice[],
): Promise<void> {
  const paid = invoices.reduce((sum, invoice) => sum + allowanceFor(world, invoice), 0);
  expect(await grantedByPeriods(world, side)).toBeLessThanOrEqual(paid + side.spentOnTrust);
}
