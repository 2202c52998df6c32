import { checkOutBundle } from '../adapters/stripe/checkout.ts';
import { findBundlePrice } from '../adapters/stripe/prices.ts';
import { findBundle, hasCostingMeter } from '../domain/catalogue.ts';
import { canSpendCredits, upgradeOf } from '../domain/account.ts';
import { type CommandContext } from './command-context.ts';
import { notePurchase } from './note-purchase.ts';
import { findPurchase, type OpenedPurchase, openPurchase } from './open-purchase.ts';
import { readAccount } from './read-account.ts';
import { type CustomerServices, withCustomer } from './with-customer.ts';

/**
 * Begins a purchase of credits, or goes on with it. It writes the record first, so that Postage knows whatever is paid.
 * Then Stripe makes the page, once.
 *
 * @throws BusyError, ErasedAccountError, StripeUnavailableError, NotConfiguredError
 */
export async function buyBundle(
  { appUrl, ...services }: CustomerServices & { appUrl: string },
  request: CommandContext & { idempotencyKey: string | null; email?: string | null },
  credits: number,
): Promise<
  OpenedPurchase | { outcome: 'plan_required'; upgradeTo: string | null } | { outcome: 'not_sold' }
> {
  const { store, stripe } = services;
  const { userId, id, now, deadline, idempotencyKey } = request;
  // Nothing is written if nobody can pay.
  await stripe.keys();
  const before = idempotencyKey === null ? null : await findPurchase(store, request);
  const bundle = findBundle(store.catalogue, credits);
  if (bundle === null) {
    return before ?? { outcome: 'not_sold' };
  }
  const { account } = await readAccount(store, userId, now, deadline);
  if (before === null && !canSpendCredits(account)) {
    const { catalogue } = store;
    const upgradeTo = upgradeOf(account, catalogue, (plan) => hasCostingMeter(plan, catalogue));
    return { outcome: 'plan_required', upgradeTo };
  }
  if (before !== null && !needsPage(before)) {
    return before;
  }
  const { price } = bundle;
  const priceId = await findBundlePrice(stripe, bundle, store.catalogue, deadline);
  const { checkout } = store.catalogue;
  return withCustomer(
    services,
    { ...account, email: request.email ?? null },
    now,
    deadline,
    async (customerId) => {
      const opened = await openPurchase(store, request, { credits, ...price, customerId });
      if (!needsPage(opened)) {
        return opened;
      }
      if (opened.record.customerId !== customerId) {
        await notePurchase(store, userId, id, { customerId }, deadline);
      }
      const order = { userId, customerId, purchaseId: id, priceId, appUrl, checkout };
      const checkoutUrl = await checkOutBundle(stripe, order, deadline);
      return { ...opened, record: await notePurchase(store, userId, id, { checkoutUrl }, deadline) };
    },
  );
}

/** Whether a request broke off between the record and its page, or has just written the record. */
function needsPage(opened: OpenedPurchase): opened is Extract<OpenedPurchase, { record: unknown }> {
  return 'record' in opened && opened.record.status === 'open' && opened.record.checkoutUrl === null;
}
