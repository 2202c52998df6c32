import { callOffDelivery } from '../commands/call-off-delivery.ts';
import { type DeliveryPayment, isInterruption } from '../commands/follow-intent.ts';
import { type ChargingServices, NO_METHOD, payDelivery } from '../commands/pay-delivery.ts';
import { heldSinceOf } from '../domain/delivery-life.ts';
import { paymentOf } from '../domain/delivery-payment.ts';
import { refundIfNeeded } from '../commands/refund-delivery.ts';
import { listRecords } from '../../adapters/dynamodb/lists.ts';
import { DELIVERIES } from '../adapters/delivery-item.ts';
import { getDelivery } from '../adapters/records.ts';
import { createStore } from '../../adapters/dynamodb/store.ts';
import {
  deductMailCredit,
  findScheduled,
  type SchedulingOutcome,
  trackEmailDelivery,
} from '../commands/schedule-delivery.ts';
import { connectStripe } from '../../adapters/stripe/connection.ts';
import {
  canDeliverAt,
  type Delivery,
  type Destination,
  MAX_DELIVERY_YEARS,
  promiseAt,
} from '../domain/deliveries.ts';
import { toIso } from '../../domain/instants.ts';
import { optionalVariable, requiredVariable } from '../../wiring/environment.ts';
import * as contracts from '../http/contracts/deliveries.ts';
import { httpHandler } from '../../http/handler.ts';
import { logger } from '../../http/logger.ts';
import { type Answer, operation, type RequestOf } from '../../http/operation.ts';
import { answerWrite, REPLAYED } from '../../http/outcomes.ts';
import { answerPage } from '../../http/paging.ts';
import { accountErased, invalid, notFound, type Problem } from '../../http/problems.ts';
import {
  letterIsFull,
  notCancellable,
  paymentActionRequired,
  paymentFailed,
  paymentMethodRequired,
  type ProblemOfPayment,
} from '../http/problems.ts';
import { catalogueInForce } from '../../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());

const stripe = connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl'));
const payments: ChargingServices = { store, stripe, appUrl: requiredVariable('appUrl') };

const create = operation(contracts.createDelivery, async (request) => {
  const outcome = await schedule(request);
  if (outcome === null) {
    const message = `Expected an instant in the next ${MAX_DELIVERY_YEARS} years.`;
    return invalid([{ path: 'deliverAt', message }]);
  }
  if (outcome.outcome === 'letter_missing') {
    return notFound('letter');
  }
  if (outcome.outcome === 'letter_full') {
    return letterIsFull(outcome.openDeliveries);
  }
  if (outcome.outcome === 'letter_too_long') {
    const { pages, mostPages } = outcome;
    const message = `The letter takes some ${pages} pages, and mails to this country at most ${mostPages}.`;
    return invalid([{ path: 'letterId', message }]);
  }
  if (!('record' in outcome)) {
    return answerWrite(outcome, request.now, 201, made);
  }
  const { record } = outcome;
  const answer = record.status === 'pending_payment' ? await pay(request, record) : told(record);
  return outcome.outcome === 'replayed'
    ? Object.assign(answer, { headers: { ...answer.headers, ...REPLAYED } })
    : answer;
});

type Told = Answer<typeof contracts.createDelivery.answers> | Problem;

/** A delivery that is decided: it is there, or nobody has paid for it. */
function told(delivery: Delivery): Told {
  return unpaidProblem(delivery) ?? { status: 201, ...made(delivery) };
}

type Scheduling = RequestOf<typeof contracts.createDelivery>;

function made(delivery: Delivery) {
  return { headers: { location: `/deliveries/${delivery.id}` }, body: shown(delivery) };
}

/** Null when Postage can't promise the instant. */
async function schedule(request: Scheduling): Promise<SchedulingOutcome | null> {
  const { now, idempotencyKey } = request;
  const body = { ...request.body, ...timeOf(request) };
  if (!canDeliverAt(body.deliverAt, now)) {
    // The same request may have made a delivery while the instant lay ahead. A repetition finds it (G2).
    return idempotencyKey === null ? null : findScheduled(store, request);
  }
  return body.channel === 'email'
    ? trackEmailDelivery(store, request, body)
    : deductMailCredit(store, request, body, body.payAsYouGo === true ? () => stripe.keys() : null);
}

function timeOf({ body: { deliverAt }, now }: Scheduling): Pick<Delivery, 'deliverAt' | 'promised'> {
  return typeof deliverAt === 'number' ? { deliverAt } : promiseAt(deliverAt, now);
}

/** Goes on with the payment of a delivery, as far as the time of the request allows. */
async function pay(request: Scheduling, delivery: Delivery): Promise<Told> {
  const payment = await payInTime(request, delivery);
  switch (payment.outcome) {
    case 'pending':
      return { status: 202, ...made(payment.delivery) };
    case 'action_required':
      return paymentActionRequired(orderOf(delivery), payment.clientSecret);
    case 'gone':
      return accountErased();
    case 'paid':
    case 'declined':
    case 'no_card':
    case 'ended':
      return told(payment.delivery);
  }
}

function orderOf(delivery: Delivery): ProblemOfPayment {
  return { deliveryId: delivery.id, price: paymentOf(delivery).price };
}

/** Why nobody has paid for a delivery, by its record (G2); null: somebody has, or still can, or called it off. */
function unpaidProblem(delivery: Delivery): Problem | null {
  if (delivery.status !== 'failed' || delivery.dispatch !== null || delivery.refund !== 'none') {
    return null;
  }
  return delivery.failure === NO_METHOD
    ? paymentMethodRequired(orderOf(delivery))
    : paymentFailed(orderOf(delivery), paymentOf(delivery).declineCode);
}

/** If Stripe or DynamoDB takes too long, the delivery waits. The same key, Stripe's event or the reconciler goes on. */
async function payInTime(request: Scheduling, delivery: Delivery): Promise<DeliveryPayment> {
  try {
    return await payDelivery(payments, request, delivery);
  } catch (error) {
    if (isInterruption(error)) {
      logger.warn('A payment is not decided yet.', { deliveryId: delivery.id, error });
      return { outcome: 'pending', delivery };
    }
    throw error;
  }
}

const list = operation(contracts.listDeliveries, (request) =>
  answerPage(
    contracts.listDeliveries,
    request,
    (page) => listRecords(store, request.userId, DELIVERIES, page, request.deadline),
    shown,
  ),
);

const get = operation(contracts.getDelivery, async ({ userId, params, deadline }) => {
  const delivery = await getDelivery(store, userId, params.id, deadline);
  return delivery === null
    ? notFound('delivery')
    : { status: 200, body: { ...shown(delivery), ...destination(delivery) } };
});

const cancel = operation(contracts.cancelDelivery, async ({ userId, params, now, deadline }) => {
  const context = { userId, id: params.id, now, deadline };
  const step = await callOffDelivery(payments, context);
  switch (step.outcome) {
    case 'missing':
      return notFound('delivery');
    case 'erased':
      return accountErased();
    case 'changed':
    case 'unchanged':
      return { status: 200, body: shown(await refundIfNeeded(payments, context, step.delivery)) };
    case 'refused':
      return notCancellable(step.delivery.status);
  }
});

function shown(delivery: Delivery) {
  const { id, letterId, channel, status, paidWith, deliverAt, promised, createdAt, payment } = delivery;
  const heldSince = heldSinceOf(delivery);
  const about = { id, letterId, channel, status, paidWith };
  return {
    ...about,
    deliverAt: toIso(deliverAt),
    ...(promised === undefined ? {} : { promisedAt: { local: promised.local, zone: promised.zone } }),
    createdAt: toIso(createdAt),
    ...(payment === null ? {} : { price: payment.price }),
    ...(payment?.receiptUrl ? { receiptUrl: payment.receiptUrl } : {}),
    ...(heldSince === null ? {} : { heldSince: toIso(heldSince) }),
    ...('refund' in delivery && delivery.refund !== 'none' ? { refund: delivery.refund } : {}),
    ...ending(delivery),
  };
}

function ending(delivery: Delivery) {
  switch (delivery.status) {
    case 'pending_payment':
    case 'scheduled':
    case 'dispatched':
      return {};
    case 'sent':
      return { sentAt: toIso(delivery.sentAt) };
    case 'failed':
      return { failedAt: toIso(delivery.failedAt), failure: delivery.failure };
    case 'cancelled':
      return { cancelledAt: toIso(delivery.cancelledAt) };
  }
}

function destination(delivery: Delivery): Destination {
  return delivery.channel === 'email'
    ? { channel: delivery.channel, recipient: delivery.recipient }
    : { channel: delivery.channel, recipient: delivery.recipient };
}

export const handler = httpHandler([create, list, get, cancel]);
