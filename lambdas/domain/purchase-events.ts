import { type Change } from './changes.ts';
import { type CoreEvent, event } from './events.ts';
import { type Purchase } from './purchases.ts';

/** What has happened to a purchase between two of its states. */
export function eventsOfPurchase({ userId, at, before, after }: Change<'purchase'>): CoreEvent[] {
  if (before === null || after === null) {
    return [];
  }
  const { id: purchaseId, version: purchaseVersion, credits, amountCents, currency, returnedCents } = after;
  const happened = after.settledAt ?? at;
  const events: CoreEvent[] = [];
  if (isPaidNow(before, after)) {
    const data = { purchaseId, credits, amountCents, currency };
    events.push(event('CreditsPurchased', userId, [purchaseId], happened, data));
  }
  if (returnedCents !== before.returnedCents) {
    const { creditsTaken } = after;
    const data = { purchaseId, purchaseVersion, amountCents, returnedCents, currency, creditsTaken };
    events.push(event('PurchaseRefunded', userId, [purchaseId, purchaseVersion], happened, data));
  }
  const failure = failureOf(after);
  if (failure !== null && failureOf(before) === null) {
    events.push(event('PurchaseFailed', userId, [purchaseId], happened, { purchaseId, failure }));
  }
  return events;
}

/** A purchase is paid once. */
export function isPaidNow(before: Purchase, after: Purchase): boolean {
  return before.status !== 'paid' && after.status === 'paid';
}

function failureOf({ status }: Purchase): 'payment_failed' | 'expired' | null {
  switch (status) {
    case 'failed':
      return 'payment_failed';
    case 'expired':
      return 'expired';
    case 'open':
    case 'processing':
    case 'paid':
      return null;
  }
}
