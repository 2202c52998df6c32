import * as z from 'zod/mini';
import { CORE_DATA, count, type DataSchemas, id, instant } from '../../adapters/eventbridge/event-schemas.ts';
import { CHANNELS, PAID_WITH } from '../domain/deliveries.ts';
import { type EventName, EVENTS, type PostageEvent } from '../domain/events.ts';

const delivery = { deliveryId: id, letterId: id, channel: z.enum(CHANNELS) };
const payment = {
  deliveryId: id,
  amountCents: count,
  currency: z.literal('usd'),
  paymentIntentId: z.nullable(id),
};

const DATA: DataSchemas<PostageEvent> = {
  ...CORE_DATA,
  LetterCreated: z.strictObject({ letterId: id, createdAt: instant }),
  LetterDeleted: z.strictObject({ letterId: id, deletedAt: instant }),
  DeliveryScheduled: z.strictObject({
    ...delivery,
    paidWith: z.enum(PAID_WITH),
    deliverAt: instant,
    createdAt: instant,
  }),
  DeliveryDue: z.strictObject({
    ...delivery,
    attempt: z.int().check(z.gte(1)),
    deliverAt: instant,
  }),
  DeliverySent: z.strictObject({ ...delivery, sentAt: instant, providerId: z.nullable(id) }),
  DeliveryFailed: z.strictObject({ ...delivery, failedAt: instant, failure: z.string() }),
  DeliveryCancelled: z.strictObject({ ...delivery, cancelledAt: instant }),
  PaymentSucceeded: z.strictObject(payment),
  PaymentFailed: z.strictObject({ ...payment, failure: z.string() }),
  PaymentRefunded: z.strictObject(payment),
  PaymentDisputed: z.strictObject(payment),
  PaymentDisputeWon: z.strictObject(payment),
  PaymentDisputeLost: z.strictObject(payment),
};

/** The detail of an event on the bus. The name of the event is the detail type. */
export function detailSchema(name: EventName): z.ZodMiniType<Omit<PostageEvent, 'name'>> {
  return z.strictObject({
    version: z.literal(EVENTS[name].version),
    id: z.string().check(z.startsWith(`${name}:`)),
    at: instant,
    userId: z.string(),
    data: DATA[name],
  });
}
