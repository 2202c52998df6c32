import { type Stripe } from 'stripe';
import { invalidRequest } from './api-error.ts';
import { codeFor } from './coupons.ts';
import { MINIMUM_CENTS } from './payments.ts';
import { type Sandbox } from './sandbox.ts';
import { type CheckoutPlan, refId } from './state.ts';

// Source: https://docs.stripe.com/payments/checkout/discounts
// Source: https://docs.stripe.com/tax/checkout
/**
 * What the customer has to pay once the page knows their code and where they are: discount first, then tax. The sum
 * before both stays `amount_subtotal`.
 *
 * @throws ApiError for a code that holds no longer, or that leaves less than can be charged
 */
export function countTotals(
  sandbox: Sandbox,
  session: Stripe.Checkout.Session,
  { lineItems }: CheckoutPlan,
  code: string | null,
): void {
  if (session.mode === 'subscription') {
    if (code !== null) {
      throw invalidRequest('The stand-in takes codes for single payments only.', { param: 'promotionCode' });
    }
    finishTax(session);
    return;
  }
  if (code !== null && session.allow_promotion_codes !== true) {
    throw invalidRequest('This Checkout Session takes no codes.', { param: 'promotionCode' });
  }
  const found = code === null ? null : codeFor(sandbox, code, refId(session.customer));
  let amountOff = found?.coupon.amount_off ?? 0;
  for (const line of lineItems) {
    const discount = Math.min(
      line.amount_subtotal,
      amountOff + Math.round((line.amount_subtotal * (found?.coupon.percent_off ?? 0)) / 100),
    );
    amountOff = Math.max(0, amountOff - discount);
    const net = line.amount_subtotal - discount;
    const tax = session.automatic_tax.enabled ? taxOf(net, line.price, sandbox.plays.taxPercent) : NO_TAX;
    sandbox.assign(line, {
      amount_discount: discount,
      amount_tax: tax.amount,
      amount_total: net + tax.onTop,
    });
  }
  const sum = (name: 'amount_discount' | 'amount_tax' | 'amount_total'): number =>
    lineItems.reduce((total, line) => total + line[name], 0);
  const total = sum('amount_total');
  if (total > 0 && total < MINIMUM_CENTS) {
    throw invalidRequest("The Checkout Session's total amount due must add up to at least $0.50 usd", {
      code: 'amount_too_small',
    });
  }
  finishTax(session);
  sandbox.assign(session, {
    amount_total: total,
    discounts: found === null ? [] : [{ coupon: found.coupon.id, promotion_code: found.promotionCode.id }],
    total_details: {
      amount_discount: sum('amount_discount'),
      amount_shipping: 0,
      amount_tax: sum('amount_tax'),
    },
  });
}

function finishTax(session: Stripe.Checkout.Session): void {
  if (session.automatic_tax.enabled) {
    session.automatic_tax = { ...session.automatic_tax, status: 'complete' };
  }
}

const NO_TAX = { amount: 0, onTop: 0 };

// Source: https://docs.stripe.com/tax/products-prices-tax-codes-tax-behavior#tax-behavior
// Guess: a price that does not say its tax behaviour is taxed on top.
function taxOf(net: number, price: Stripe.Price | null, percent: number): { amount: number; onTop: number } {
  if (price?.tax_behavior === 'inclusive') {
    return { amount: Math.round(net - net / (1 + percent / 100)), onTop: 0 };
  }
  const amount = Math.round((net * percent) / 100);
  return { amount, onTop: amount };
}

/** The code has been used, by somebody whose session is complete. */
export function redeem(sandbox: Sandbox, session: Stripe.Checkout.Session): void {
  for (const { coupon, promotion_code: code } of session.discounts ?? []) {
    const used = [
      sandbox.state.coupon.get(refId(coupon) ?? ''),
      sandbox.state.promotion_code.get(refId(code) ?? ''),
    ];
    for (const one of used) {
      if (one !== undefined) {
        one.times_redeemed += 1;
      }
    }
  }
}
