/** What a restored table lacks that must not be lost: erasures, and what Stripe said. */
import { listAuditRecords } from '../lambdas/adapters/dynamodb/audit.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import { readStripe, type StripeConnection } from '../lambdas/adapters/stripe/connection.ts';
import { eraseUser } from '../lambdas/commands/erase-user.ts';
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

/** What Stripe has said since then, as its webhooks brought it. Stripe keeps events for 30 days. */
export async function* stripeEventsSince(
  connection: StripeConnection,
  since: Instant,
): AsyncGenerator<string> {
  const created = { gte: Math.floor(since / 1_000) };
  let after: { starting_after?: string } = {};
  for (;;) {
    const { data, has_more } = await readStripe(connection, deadlineIn(WITHIN_MS), (stripe, options) =>
      stripe.events.list({ created, limit: PAGE, ...after }, options),
    );
    yield* data.map((event) => JSON.stringify(event));
    const last = data.at(-1);
    if (!has_more || last === undefined) {
      return;
    }
    after = { starting_after: last.id };
  }
}
