import { type Stripe } from 'stripe';
import { z } from 'zod';
import { flag, metadata, paramsOf, text } from './params.ts';
import { type Route, route } from './route.ts';
import { mergeMetadata } from './values.ts';

// Source: https://docs.stripe.com/api/tax_rates
export const taxRateRoutes: Route[] = [
  route({
    method: 'POST',
    path: '/v1/tax_rates',
    params: paramsOf<Stripe.TaxRateCreateParams>()({
      display_name: text,
      inclusive: flag,
      metadata: z.optional(metadata),
      percentage: z.string().regex(/^\d{1,3}(\.\d{1,4})?$/),
    }),
    answer: (sandbox, asked) => {
      const rate: Stripe.TaxRate = {
        id: sandbox.newId('txr'),
        object: 'tax_rate',
        active: true,
        country: null,
        created: sandbox.now(),
        description: null,
        display_name: asked.display_name,
        effective_percentage: null,
        flat_amount: null,
        inclusive: asked.inclusive,
        jurisdiction: null,
        jurisdiction_level: null,
        livemode: false,
        metadata: mergeMetadata({}, asked.metadata),
        percentage: Number(asked.percentage),
        rate_type: 'percentage',
        state: null,
        tax_type: null,
      };
      sandbox.state.tax_rate.set(rate.id, rate);
      sandbox.emit('tax_rate.created', rate);
      return rate;
    },
  }),
];
