import type { Stripe } from 'stripe';
import { ENTERPRISE, PRO, PRO_YEARLY } from './payments.ts';
import { idOf } from './stripe.ts';

/** A Portal of the owner's own, in which customers change plans and cancel. That of Postage allows neither. */
export async function openPortal({ billingPortal, prices }: Stripe): Promise<void> {
  const productOf = async (price: string): Promise<string> => idOf((await prices.retrieve(price)).product);
  await billingPortal.configurations.create({
    features: {
      subscription_cancel: { enabled: true, mode: 'at_period_end' },
      subscription_update: {
        enabled: true,
        billing_cycle_anchor: 'now',
        proration_behavior: 'always_invoice',
        default_allowed_updates: ['price'],
        products: [
          { product: await productOf(PRO), prices: [PRO, PRO_YEARLY] },
          { product: await productOf(ENTERPRISE), prices: [ENTERPRISE] },
        ],
        schedule_at_period_end: { conditions: [{ type: 'decreasing_item_amount' }] },
      },
    },
  });
}
