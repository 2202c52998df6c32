import { Stripe } from 'stripe';
import { type Seconds } from './calendar.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';

export interface Period {
  start: Seconds;
  end: Seconds;
}

export interface NewLine {
  item: Stripe.SubscriptionItem;
  price: Stripe.Price;
  amount: number;
  description: string;
  period: Period;
  isProration: boolean;
}

/** A line of a subscription's invoice. Stripe never mixes currencies in one. */
function subscriptionLine(sandbox: Sandbox, line: NewLine): Stripe.InvoiceLineItem {
  const { item, price, amount, description, period, isProration } = line;
  const quantity = item.quantity ?? 1;
  return {
    id: sandbox.newId('il'),
    object: 'line_item',
    amount,
    currency: price.currency,
    description,
    discount_amounts: [],
    discountable: !isProration,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: {},
    parent: {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: isProration,
        proration_details: { credited_items: null },
        subscription: item.subscription,
        subscription_item: item.id,
      },
      type: 'subscription_item_details',
    },
    period,
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: price.id, product: refId(price.product) },
      type: 'price_details',
      unit_amount_decimal: price.unit_amount_decimal,
    },
    quantity,
    quantity_decimal: Stripe.Decimal.from(quantity),
    subscription: item.subscription,
    subtotal: amount,
    taxes: [],
  };
}

/** A whole period at the item's price. */
export function fullPeriodLine(sandbox: Sandbox, item: Stripe.SubscriptionItem): Stripe.InvoiceLineItem {
  const quantity = item.quantity ?? 1;
  return subscriptionLine(sandbox, {
    item,
    price: item.price,
    amount: (item.price.unit_amount ?? 0) * quantity,
    description: `${quantity} × ${nameOf(sandbox, item.price)}`,
    period: { start: item.current_period_start, end: item.current_period_end },
    isProration: false,
  });
}

export function trialLine(sandbox: Sandbox, item: Stripe.SubscriptionItem): Stripe.InvoiceLineItem {
  return subscriptionLine(sandbox, {
    item,
    price: item.price,
    amount: 0,
    description: `Trial period for ${nameOf(sandbox, item.price)}`,
    period: { start: item.current_period_start, end: item.current_period_end },
    isProration: false,
  });
}

// Source: https://docs.stripe.com/billing/subscriptions/prorations
/** What is left of a period, to the second: given back for the old price, charged for the new. */
export function prorationLine(
  sandbox: Sandbox,
  item: Stripe.SubscriptionItem,
  price: Stripe.Price,
  at: Seconds,
  sign: 1 | -1,
): Stripe.InvoiceLineItem {
  const { current_period_start: start, current_period_end: end } = item;
  const share = (end - at) / (end - start);
  const amount = sign * Math.round((price.unit_amount ?? 0) * (item.quantity ?? 1) * share);
  const verb = sign === 1 ? 'Remaining' : 'Unused';
  return subscriptionLine(sandbox, {
    item,
    price,
    amount: amount === 0 ? 0 : amount,
    description: `${verb} time on ${nameOf(sandbox, price)} after ${new Date(at * 1_000).toISOString().slice(0, 10)}`,
    period: { start: at, end },
    isProration: true,
  });
}

/** The lines that wait for a subscription's next invoice; they wait no longer. */
export function takePendingLines(sandbox: Sandbox, subscriptionId: string): Stripe.InvoiceLineItem[] {
  const lines = pendingLines(sandbox, subscriptionId);
  for (const { id } of lines) {
    sandbox.state.pending_line.delete(id);
  }
  return lines;
}

export function pendingLines(sandbox: Sandbox, subscriptionId: string): Stripe.InvoiceLineItem[] {
  return [...sandbox.state.pending_line.values()]
    .filter(({ subscription }) => subscription === subscriptionId)
    .map(({ line }) => line);
}

export function keepForNextInvoice(
  sandbox: Sandbox,
  subscriptionId: string,
  lines: readonly Stripe.InvoiceLineItem[],
): void {
  for (const line of lines) {
    sandbox.state.pending_line.set(line.id, { id: line.id, subscription: subscriptionId, line });
  }
}

function nameOf(sandbox: Sandbox, price: Stripe.Price): string {
  return sandbox.get('product', refId(price.product)).name;
}
