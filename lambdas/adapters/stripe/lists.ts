import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { answeredAt, readStripe, type StripeConnection } from './connection.ts';
import { StripeRejectedError } from './errors.ts';

const PAGE_SIZE = 100;
/** Nobody has a thousand of anything. */
const MAX_PAGES = 10;

interface Paging {
  limit: number;
  starting_after?: string;
}

/** All entries of a list, page by page. @throws as `readStripe` */
export async function listAll<Item extends { id: string }>(
  connection: StripeConnection,
  deadline: Deadline,
  list: (
    stripe: Stripe,
    paging: Paging,
    options: { timeout: number },
  ) => Promise<Stripe.Response<Stripe.ApiList<Item>>>,
): Promise<{ items: Item[]; asOf: Instant }> {
  const items: Item[] = [];
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const last = items.at(-1);
    const paging = { limit: PAGE_SIZE, ...(last === undefined ? {} : { starting_after: last.id }) };
    const page = await readStripe(connection, deadline, (stripe, options) => list(stripe, paging, options));
    items.push(...page.data);
    if (!page.has_more) {
      return { items, asOf: answeredAt(page) };
    }
  }
  throw new StripeRejectedError(`The list has more than ${String(MAX_PAGES * PAGE_SIZE)} entries.`);
}
