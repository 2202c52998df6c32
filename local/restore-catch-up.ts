/** What a restored table lacks that must not be lost: erasures, and what Stripe said. */
import type { Stripe } from 'stripe';
import { listAuditRecords } from '../lambdas/adapters/dynamodb/audit.ts';
import { getItem } from '../lambdas/adapters/dynamodb/get-item.ts';
import { ItemReader } from '../lambdas/adapters/dynamodb/items.ts';
import { parsePurchase, purchaseKey } from '../lambdas/adapters/dynamodb/purchase-item.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import { readStripe, type StripeConnection } from '../lambdas/adapters/stripe/connection.ts';
import { ErasedAccountError } from '../lambdas/commands/change-account.ts';
import { eraseUser } from '../lambdas/commands/erase-user.ts';
import { linkFirstCustomer } from '../lambdas/commands/link-customer.ts';
import { openPurchase } from '../lambdas/commands/open-purchase.ts';
import { DAY_MS, type Instant, utcDay } from '../lambdas/domain/instants.ts';
import { textsOf } from '../lambdas/letters/adapters/letter-item.ts';
import { callOffPaidMails } from '../lambdas/letters/commands/call-off-paid-mails.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';

const PAGE = 100;
const WITHIN_MS = 60_000;

/** Users whom a table's audit trail says to have been erased from one instant to the other. */
export async function usersErased(store: Store, since: Instant, until: Instant): Promise<string[]> {
  const users = new Set<string>();
  for (let at = since; utcDay(at) <= utcDay(until); at += DAY_MS) {
    let after: string | null = null;
    do {
      const query = { day: utcDay(at), type: 'UserErased' };
      const page = await listAuditRecords(store, query, { limit: PAGE, after }, deadlineIn(WITHIN_MS));
      for (const { at: erasedAt, userId } of page.items) {
        if (erasedAt >= since && userId !== undefined) {
          users.add(userId);
        }
      }
      after = page.next;
    } while (after !== null);
  }
  return [...users];
}

/** Erases a user whom the restore has brought back. @returns whether nothing of them is left */
export async function eraseAgain(store: Store, userId: string, now: Instant): Promise<boolean> {
  const app = { settle: callOffPaidMails, belongingsOf: textsOf };
  const { outcome } = await eraseUser(store, userId, now, deadlineIn(WITHIN_MS), app);
  return outcome !== 'unfinished';
}

/**
 * An event of a purchase that was begun since then finds no record of it, and nothing but the former table says what was
 * bought. So the restored one gets the purchase as it was when it began, and with the event it is paid.
 */
export async function beginAgain(restored: Store, former: Store, event: Stripe.Event): Promise<void> {
  const { metadata } = event.data.object as { metadata?: Readonly<Record<string, string>> | null };
  const { userId, purchaseId } = metadata ?? {};
  if (userId === undefined || purchaseId === undefined) {
    return;
  }
  const deadline = deadlineIn(WITHIN_MS);
  const item = await getItem(former, purchaseKey(userId, purchaseId), deadline);
  if (item === null) {
    return;
  }
  const { id, customerId, createdAt: now, credits, amountCents, currency } = parsePurchase(item);
  const order = { credits, amountCents, currency, customerId };
  const fingerprint = ItemReader.fromWire(item).string('fingerprint');
  try {
    await linkFirstCustomer(restored, { userId, customerId }, now, deadline);
    await openPurchase(restored, { userId, id, fingerprint, now, deadline }, order);
  } catch (error) {
    if (!(error instanceof ErasedAccountError)) {
      throw error;
    }
  }
}

/** What Stripe has said since then, as its webhooks brought it. Stripe keeps events for 30 days. */
export async function* stripeEventsSince(
  connection: StripeConnection,
  since: Instant,
): AsyncGenerator<Stripe.Event> {
  const created = { gte: Math.floor(since / 1_000) };
  let after: { starting_after?: string } = {};
  for (;;) {
    const { data, has_more } = await readStripe(connection, deadlineIn(WITHIN_MS), (stripe, options) =>
      stripe.events.list({ created, limit: PAGE, ...after }, options),
    );
    yield* data;
    const last = data.at(-1);
    if (!has_more || last === undefined) {
      return;
    }
    after = { starting_after: last.id };
  }
}
