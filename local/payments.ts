import { notFound, ProblemError } from '../lambdas/http/problems.ts';
import { VARIABLES } from '../lambdas/wiring/environment.ts';
import type { AwsOperations } from './aws-stand-in.ts';
import type { Clock } from './clock.ts';
import type { DataDirectory } from './data-directory.ts';
import { type LocalRequest, type LocalRoute, refuseInput } from './local-routes.ts';
import { LocalQueue, sqs } from './queue.ts';
import { openStripe, type StripeOnDemand } from './stripe-on-demand.ts';
import { standInPrices } from './stripe-products.ts';
import { UsageError } from './usage-error.ts';

/** The id under which the stand-in for Secrets Manager knows Stripe's keys. */
const STRIPE_SECRET_ID = 'postage-stripe-keys';
const EVENTS_QUEUE = 'postage-stripe-events';
/** As deployed: how many tries an event has. */
const MAX_RECEIVES = 12;
const BATCH_SIZE = 5;
/** Deployed it is minutes; somebody who tries things out does not wait so long. */
const REST_MS = 500;

export interface StripeAddress {
  /** Null: Stripe's own. */
  url: string | null;
  secretKey: string;
  webhookSecret: string;
}

/** Stripe, or what stands in for it, and the queue of its events with the functions that read it. */
export interface LocalPayments {
  stripe: StripeAddress;
  operations: AwsOperations;
  secrets: Readonly<Record<string, string>>;
  environment: (urls: { awsStandIn: string; app: string }) => Record<string, string>;
  routes: readonly LocalRoute[];
  /** Until every event that has come is processed, or set aside. */
  settled: () => Promise<void>;
  /** Loads what is loaded on demand. */
  warm: () => Promise<void>;
  stop: () => Promise<void>;
}

export interface PaymentsOptions {
  /** Where the API answers. */
  url: string;
  clock: Clock;
  data: DataDirectory;
  onError: (error: unknown) => void;
}

/** @throws UsageError when the environment names keys that are none of a sandbox's */
export async function openPayments(options: PaymentsOptions): Promise<LocalPayments> {
  const { url, clock, data, onError } = options;
  const own = ownKeys();
  const standIn =
    own === null ? await openStripe({ clock, data, onError, webhookUrl: `${url}/webhooks/stripe` }) : null;
  const stripe: StripeAddress = standIn ?? { url: null, ...(own ?? { secretKey: '', webhookSecret: '' }) };
  const { secretKey, webhookSecret } = stripe;

  const queue = { clock, data, onError, batchSize: BATCH_SIZE, restMs: REST_MS };
  const deadLetters = new LocalQueue({
    ...queue,
    name: 'dead-stripe-events',
    consumer: () => import('../lambdas/jobs/failed-stripe-events.ts'),
    maxReceives: Infinity,
  });
  const events = new LocalQueue({
    ...queue,
    name: 'stripe-events',
    consumer: () => import('../lambdas/jobs/stripe-events.ts'),
    maxReceives: MAX_RECEIVES,
    deadLetters,
  });
  return {
    stripe: { url: stripe.url, secretKey, webhookSecret },
    operations: sqs({ [EVENTS_QUEUE]: events }),
    secrets: { [STRIPE_SECRET_ID]: JSON.stringify({ secretKey, webhookSecret }) },
    environment: ({ awsStandIn, app }) => ({
      AWS_ENDPOINT_URL_SQS: awsStandIn,
      [VARIABLES.stripeEventsQueueUrl]: `${awsStandIn}/000000000000/${EVENTS_QUEUE}`,
      [VARIABLES.stripeSecretId]: STRIPE_SECRET_ID,
      [VARIABLES.stripeApiUrl]: stripe.url ?? '',
      [VARIABLES.stripePrices]: process.env['STRIPE_PRICES'] ?? JSON.stringify(standInPrices()),
      [VARIABLES.trialDays]: '0',
      [VARIABLES.appUrl]: app,
    }),
    routes: standIn === null ? [] : routesTo(standIn, events),
    settled: () => events.settled(),
    warm: async () => {
      events.begin();
      deadLetters.begin();
      await standIn?.load();
    },
    stop: async () => {
      await events.stop();
      await deadLetters.stop();
      await standIn?.stop();
    },
  };
}

/** Those of a sandbox at Stripe, to be used in place of the stand-in. */
function ownKeys(): { secretKey: string; webhookSecret: string } | null {
  const secretKey = process.env['STRIPE_SECRET_KEY'];
  if (secretKey === undefined || secretKey === '') {
    return null;
  }
  const { STRIPE_WEBHOOK_SECRET: webhookSecret, STRIPE_PRICES: prices } = process.env;
  if (!secretKey.startsWith('sk_test_')) {
    throw new UsageError(
      'STRIPE_SECRET_KEY must be the key of a sandbox, sk_test_…: no money moves on a laptop.',
    );
  }
  if (webhookSecret === undefined || webhookSecret === '' || prices === undefined || prices === '') {
    throw new UsageError(
      'With STRIPE_SECRET_KEY come STRIPE_WEBHOOK_SECRET (what "stripe listen --forward-to …/webhooks/stripe" prints) and STRIPE_PRICES, {"price_…": {"plan": "pro", "interval": "month"}}.',
    );
  }
  return { secretKey, webhookSecret };
}

/**
 * The stand-in's control routes, below `/dev/stripe`. What Stripe would have refused is refused as Postage words
 * problems, and a flush answers when its events are processed.
 */
function routesTo(standIn: StripeOnDemand, events: LocalQueue): LocalRoute[] {
  const answerOf =
    (method: 'PUT' | 'POST') =>
    async ({ parameters, json }: LocalRequest): Promise<object> => {
      const stripe = await standIn.load();
      const path = ['', ...Object.values(parameters)].join('/');
      const { status, result, error } = await stripe.answerControl(method, path, json);
      await (path === '/flush' ? events.settled() : null);
      if (error === null) {
        return result;
      }
      const { code, decline_code: declineCode, message, param } = error;
      if (status === 404 || code === 'resource_missing') {
        throw new ProblemError(notFound(`object at Stripe: ${message}`));
      }
      const reason = declineCode ?? code;
      return refuseInput(param ?? '', reason === undefined ? message : `${message} (${reason})`);
    };
  return [
    { method: 'PUT', path: '/dev/stripe', answer: answerOf('PUT') },
    { method: 'POST', path: '/dev/stripe/{order}', answer: answerOf('POST') },
    { method: 'POST', path: '/dev/stripe/{kind}/{id}/{order}', answer: answerOf('POST') },
  ];
}
