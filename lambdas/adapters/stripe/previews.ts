import { type Stripe } from 'stripe';
import { type Price } from '../../domain/catalogue.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { type Offer } from '../../domain/live-subscription.ts';
import { type ChangeWay } from '../../domain/plan-changes.ts';
import { type FoundSubscription } from './changeable.ts';
import { readStripe, type StripeConnection, toInstant } from './connection.ts';
import { scheduling } from './schedules.ts';

/** What a change costs. */
export interface PreviewedChange {
  dueNow: Price;
  next: { price: Price; at: Instant };
}

/**
 * What a change would cost, by Stripe's preview of its invoice.
 *
 * @throws StripeUnavailableError, NotConfiguredError, StripeRejectedError
 */
export async function previewChange(
  connection: StripeConnection,
  found: FoundSubscription,
  { way, offer, priceId }: { way: ChangeWay; offer: Offer; priceId: string },
  deadline: Deadline,
): Promise<PreviewedChange> {
  const { item, subscription, schedule, facts } = found;
  const items = [{ id: item.id, price: priceId }];
  const details: Record<ChangeWay, Stripe.InvoiceCreatePreviewParams.SubscriptionDetails> = {
    at_once: { items, billing_cycle_anchor: { type: 'now' }, proration_behavior: 'always_invoice' },
    at_period_end: { items, proration_behavior: 'none' },
    price_only: { items, proration_behavior: 'none' },
  };
  const params: Stripe.InvoiceCreatePreviewParams =
    way === 'at_period_end' && schedule !== null
      ? {
          schedule: schedule.id,
          schedule_details: scheduling(schedule, found, { priceId, interval: offer.interval }),
        }
      : { subscription: subscription.id, subscription_details: details[way] };
  const invoice = await readStripe(connection, deadline, (stripe, options) =>
    stripe.invoices.createPreview(params, options),
  );
  const due = usd(invoice.amount_due);
  if (way !== 'at_once') {
    return { dueNow: usd(0), next: { price: due, at: facts.periodEndsAt } };
  }
  // A line that credits the unused time of the former price may end at the same second.
  const [period] = invoice.lines.data
    .filter(({ amount }) => amount >= 0)
    .sort((one, other) => other.period.end - one.period.end);
  return {
    dueNow: due,
    next: {
      price: usd(period === undefined ? 0 : sumOf(period)),
      at: period === undefined ? facts.periodEndsAt : toInstant(period.period.end),
    },
  };
}

/** What a line of the new period comes to, with its discounts and the tax that comes on top. */
function sumOf({ amount, discount_amounts: discounts, taxes }: Stripe.InvoiceLineItem): number {
  const off = (discounts ?? []).reduce((sum, each) => sum + each.amount, 0);
  const onTop = (taxes ?? []).filter(({ tax_behavior: behavior }) => behavior === 'exclusive');
  return Math.max(0, amount - off + onTop.reduce((sum, each) => sum + each.amount, 0));
}

/** All prices of the catalogue are in US dollars, and a subscription has one currency. */
function usd(amountCents: number): Price {
  return { amountCents, currency: 'usd' };
}
