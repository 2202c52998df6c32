import { type Stripe } from 'stripe';
import { z } from 'zod';
import { isCreatedIn, pageOf } from './lists.ts';
import { created, paging, paramsOf, text } from './params.ts';
import { type Route, route } from './route.ts';

// Source: https://docs.stripe.com/api/events/object
/** `type` may end in `*`, as in `charge.*`. */
function isOfType(event: Stripe.Event, type: string): boolean {
  return type.endsWith('*') ? event.type.startsWith(type.slice(0, -1)) : event.type === type;
}

export const eventRoutes: Route[] = [
  route({
    method: 'GET',
    path: '/v1/events',
    params: paramsOf<Stripe.EventListParams>()({
      ...paging,
      ...created,
      type: z.optional(text),
      types: z.optional(z.array(text).max(20)),
    }),
    answer: (sandbox, { type, types, created: range, ...page }) => {
      const wanted = type === undefined ? types : [type];
      const events = sandbox
        .all('event')
        .filter(
          (event) =>
            (wanted === undefined || wanted.some((one) => isOfType(event, one))) && isCreatedIn(event, range),
        );
      return pageOf(events, '/v1/events', page);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/events/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('event', id),
  }),
];
