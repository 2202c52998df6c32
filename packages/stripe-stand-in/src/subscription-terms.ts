import { type Stripe } from 'stripe';
import { z } from 'zod';
import { invalidRequest } from './api-error.ts';
import { periodEndAfter } from './calendar.ts';
import { clearable, flag, text } from './params.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';

/** What a subscription, or a phase of its schedule, says of tax and discounts. Invoices do not count it. */
export type Terms = Pick<Stripe.Subscription, 'automatic_tax' | 'default_tax_rates' | 'discounts'>;
export type PhaseTerms = Pick<
  Stripe.SubscriptionSchedule.Phase,
  'automatic_tax' | 'default_tax_rates' | 'discounts'
>;

const discount = z.strictObject({
  coupon: z.optional(text),
  discount: z.optional(text),
  promotion_code: z.optional(text),
});

export const termParams = {
  automatic_tax: z.optional(z.strictObject({ enabled: flag })),
  default_tax_rates: z.optional(clearable(z.array(text))),
  discounts: z.optional(clearable(z.array(discount))),
};

export interface AskedTerms {
  automatic_tax?: { enabled: boolean } | undefined;
  default_tax_rates?: string[] | null | undefined;
  discounts?: z.infer<typeof discount>[] | null | undefined;
}

export const NO_TAX: Terms['automatic_tax'] = { disabled_reason: null, enabled: false, liability: null };

function taxOf({ enabled }: { enabled: boolean }): Terms['automatic_tax'] {
  return { ...NO_TAX, enabled, liability: enabled ? { type: 'self' } : null };
}

/** @throws ApiError for coupons, codes, discounts and rates that are not there */
export function phaseTerms(sandbox: Sandbox, asked: AskedTerms, at = ''): PhaseTerms {
  const nameOf = (name: string): string => (at === '' ? name : `${at}[${name}]`);
  return {
    automatic_tax: taxOf(asked.automatic_tax ?? { enabled: false }),
    default_tax_rates: (asked.default_tax_rates ?? []).map((id) =>
      sandbox.get('tax_rate', id, nameOf('default_tax_rates')),
    ),
    discounts: (asked.discounts ?? []).map((one, index) => {
      const { coupon = null, discount: known = null, promotion_code: code = null } = one;
      if ([coupon, known, code].filter((id) => id !== null).length !== 1) {
        throw invalidRequest('You must pass exactly one of `coupon`, `discount` and `promotion_code`.', {
          param: nameOf(`discounts][${index}`),
        });
      }
      for (const [kind, id] of [
        ['coupon', coupon],
        ['discount', known],
        ['promotion_code', code],
      ] as const) {
        if (id !== null) {
          sandbox.get(kind, id, nameOf(`discounts][${index}][${kind}`));
        }
      }
      return { coupon, discount: known, promotion_code: code };
    }),
  };
}

/** The terms that a request names for a subscription. What it does not name stays. */
export function termsAsked(
  sandbox: Sandbox,
  asked: AskedTerms,
): (subscription: Stripe.Subscription) => Partial<Terms> {
  const terms = phaseTerms(sandbox, asked);
  return (subscription) => ({
    ...(asked.automatic_tax === undefined ? {} : { automatic_tax: taxOf(asked.automatic_tax) }),
    ...(asked.default_tax_rates === undefined ? {} : { default_tax_rates: terms.default_tax_rates ?? [] }),
    ...(asked.discounts === undefined ? {} : { discounts: redeem(sandbox, subscription, terms.discounts) }),
  });
}

// Source: https://docs.stripe.com/api/subscription_schedules/update#update_subscription_schedule-phases-discounts
/** What a subscription becomes in a phase: the phase says all of it. */
export function termsIn(sandbox: Sandbox, subscription: Stripe.Subscription, phase: PhaseTerms): Terms {
  return {
    automatic_tax: phase.automatic_tax ?? NO_TAX,
    default_tax_rates: phase.default_tax_rates ?? [],
    discounts: redeem(sandbox, subscription, phase.discounts),
  };
}

// Guess: a schedule names the discounts that its subscription has by their ids.
/** The terms of a subscription, as a phase has them. */
export function termsOf({ automatic_tax: tax, default_tax_rates: rates, discounts }: Terms): PhaseTerms {
  return {
    automatic_tax: tax,
    default_tax_rates: rates ?? [],
    discounts: discounts.map((one) => ({ coupon: null, discount: refId(one), promotion_code: null })),
  };
}

/** The discounts of a subscription made of coupons and codes, and of those that it has. */
function redeem(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  discounts: PhaseTerms['discounts'],
): string[] {
  return discounts.map(({ coupon, discount: known, promotion_code: code }) => {
    const id = refId(known);
    if (id !== null) {
      return id;
    }
    const promotion = refId(code);
    const couponId =
      refId(coupon) ??
      refId(sandbox.get('promotion_code', promotion ?? '', 'promotion_code').promotion.coupon) ??
      '';
    // Guess: a coupon or code that a subscription has had its discount from makes no second one.
    const present = subscription.discounts
      .map((one) => sandbox.get('discount', refId(one)))
      .find(({ promotion_code: of, source }) => refId(of) === promotion && refId(source.coupon) === couponId);
    return present?.id ?? discountFrom(sandbox, subscription, couponId, promotion);
  });
}

function discountFrom(
  sandbox: Sandbox,
  { id: subscription, customer }: Stripe.Subscription,
  coupon: string,
  promotionCode: string | null,
): string {
  const id = sandbox.newId('di');
  const { duration, duration_in_months: months } = sandbox.get('coupon', coupon, 'coupon');
  const start = sandbox.now();
  sandbox.state.discount.set(id, {
    id,
    object: 'discount',
    checkout_session: null,
    customer: refId(customer),
    customer_account: null,
    end:
      duration === 'repeating'
        ? periodEndAfter(start, { interval: 'month', interval_count: months ?? 1 }, start)
        : null,
    invoice: null,
    invoice_item: null,
    promotion_code: promotionCode,
    source: { coupon, type: 'coupon' },
    start,
    subscription,
    subscription_item: null,
  });
  return id;
}
