import { type EventHandler } from './stripe-event.ts';
import { syncSubscription } from './sync-subscription.ts';

/** What is done about each type of event. A type that is not among them is recorded, and changes nothing. */
const HANDLERS: Readonly<Record<string, EventHandler>> = {
  'customer.subscription.created': syncSubscription,
  'customer.subscription.updated': syncSubscription,
  'customer.subscription.deleted': syncSubscription,
  'customer.subscription.trial_will_end': syncSubscription,
  'customer.subscription.paused': syncSubscription,
  'customer.subscription.resumed': syncSubscription,
  'customer.deleted': syncSubscription,
  'invoice.paid': syncSubscription,
  'invoice.payment_failed': syncSubscription,
  'checkout.session.completed': syncSubscription,
};

export function handlerOf(type: string): EventHandler | null {
  return Object.hasOwn(HANDLERS, type) ? (HANDLERS[type] ?? null) : null;
}
