/** What `npm run stripe -- try` asks of Stripe, and what Postage expects. */
import { Stripe } from 'stripe';
import type { TryAccount } from './stripe-try-account.ts';

/** What can be seen, in a word or two for each thing. */
export type Facts = Readonly<Record<string, string>>;

export interface Point {
  /** What is tried. */
  name: string;
  /** With several words, Postage goes on with any of them. What is not named here is shown, and may be anything. */
  expects: Readonly<Record<string, string | readonly string[]>>;
  /** What is so when Stripe does as expected. */
  finding: string;
  /** @throws SkippedError when it can't be tried */
  run: (account: TryAccount) => Promise<Facts>;
}

/** How Stripe answered: 200, or what it refused with. */
export async function answerOf(
  asking: Promise<unknown>,
): Promise<{ answer: string; code: string; param: string; says: string }> {
  try {
    await asking;
    return { answer: '200', code: 'none', param: 'none', says: '' };
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError) || !isRefusal(error)) {
      throw error;
    }
    const { statusCode, code = 'none', param = 'none', message } = error;
    return { answer: String(statusCode), code, param, says: message };
  }
}

/** Not: busy, no right, or a server that does not have the route at all. */
function isRefusal({ statusCode = 0, code, message }: Stripe.errors.StripeError): boolean {
  const isUnknownRoute = statusCode === 404 && code !== 'resource_missing';
  return [400, 402, 404].includes(statusCode) && !isUnknownRoute && !message.startsWith('Unrecognized');
}

/** What a subscription shows, by the names of `prices()`. */
export async function stateOf(
  account: TryAccount,
  id: string,
): Promise<{ price: string; status: string; pending: string }> {
  const { status, items, pending_update: pending } = await account.stripe.subscriptions.retrieve(id);
  const price = account.nameOf(items.data[0]?.price);
  return { price, status, pending: pending === null ? 'none' : 'shown' };
}
