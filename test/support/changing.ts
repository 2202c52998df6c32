/** A subscriber who changes their plan by the commands of the billing routes, while Stripe answers as a test wants. */
import { beforeEach } from '@jest/globals';
import type { Stripe } from 'stripe';
import { type ChangeOutcome } from '../../lambdas/commands/change-billing.ts';
import { type CommandContext } from '../../lambdas/commands/command-context.ts';
import { type StripeServices } from '../../lambdas/commands/stripe-handler.ts';
import { toIso } from '../../lambdas/domain/instants.ts';
import { type AskedChange } from '../../lambdas/domain/plan-changes.ts';
import { askFor } from './changes.ts';
import { gatedConnection, type PaymentsSuite, PRO, type StandInOptions, usePayments } from './payments.ts';

export const NEEDS_HOLDER = 'pm_card_authenticationRequired';

export const REFUSED = (): Response =>
  Response.json({ error: { type: 'invalid_request_error', message: 'Not allowed.' } }, { status: 400 });

export const isUpdate = (path: string): boolean => path.startsWith('/v1/subscriptions/');

export const done = { outcome: 'answered', record: { status: 'done' } };

type Asking = Partial<CommandContext> & { key?: string; services?: StripeServices };

export interface Changing {
  suite: PaymentsSuite;
  user: () => { userId: string; customerId: string };
  subscriptionId: () => string;
  /** Another user, who subscribes to this price and pays with this card. */
  subscribe: (price: string, card?: string) => Promise<void>;
  /** @param key of the request; without one, each request is another */
  ask: (asked: AskedChange, asking?: Asking) => Promise<ChangeOutcome>;
  /** Another function, whose requests that change something go through a gate. */
  gated: (gate: (path: string, send: () => Promise<Response>) => Promise<Response>) => StripeServices;
  atStripe: () => Promise<Stripe.Subscription>;
  invoices: () => Promise<Stripe.Invoice[]>;
  now: () => number;
  passes: (ms: number) => void;
  card: (name: string) => unknown;
}

/** Each test begins with a subscriber to Pro. */
export function useChanging(options: StandInOptions = {}): Changing {
  const suite = usePayments('2026-01-31T09:00:00Z', options);
  let user = { userId: '', customerId: '' };
  let subscriptionId = '';
  const now = (): number => suite.at().clock.now();
  const subscribe: Changing['subscribe'] = async (price, card = 'pm_card_visa') => {
    user = await suite.givenCustomer(card);
    const { stripe, standIn } = suite.at();
    const order = { customer: user.customerId, items: [{ price }] };
    subscriptionId = (await stripe.subscriptions.create(order)).id;
    if (card === NEEDS_HOLDER) {
      const { data } = await stripe.invoices.list({ customer: user.customerId });
      standIn.control.payInvoice(data[0]?.id ?? '', 'pm_card_visa');
    }
    await suite.followAll();
  };
  beforeEach(() => subscribe(PRO));
  return {
    suite,
    user: () => user,
    subscriptionId: () => subscriptionId,
    subscribe,
    ask: (asked, { key, services = suite.services(), ...context } = {}) => {
      const own = key === undefined ? {} : { key };
      return askFor(services, asked, { userId: user.userId, now: now(), ...own }, context);
    },
    gated: (gate) => {
      const gatedFetch: typeof fetch = (input, init) => {
        const { pathname } = new URL(input instanceof Request ? input.url : input);
        const send = (): Promise<Response> => fetch(input, init);
        return init?.method === 'POST' ? gate(pathname, send) : send();
      };
      const stripe = gatedConnection(suite.at().standIn, () => null, gatedFetch);
      return { ...suite.services(), stripe };
    },
    atStripe: () => suite.stripe().subscriptions.retrieve(subscriptionId, { expand: ['schedule'] }),
    invoices: async () => (await suite.stripe().invoices.list({ subscription: subscriptionId })).data,
    now,
    passes: (ms) => suite.at().moveTo(toIso(now() + ms)),
    card: (name) => suite.at().standIn.control.changeCardInPortal(user.customerId, name),
  };
}
