import * as z from 'zod/mini';
import { notFound, ProblemError } from '../lambdas/http/problems.ts';
import { VARIABLES } from '../lambdas/wiring/environment.ts';
import { stripeScript } from '../web/headers.ts';
import type { LocalApp } from './apps.ts';
import type { AwsOperations } from './aws-stand-in.ts';
import type { Clock } from './clock.ts';
import type { DataDirectory } from './data-directory.ts';
import { type LocalRequest, type LocalRoute, refuseInput } from './local-routes.ts';
import type { StripeStandIn } from 'stripe-stand-in';
import { LocalQueue, sqs } from './queue.ts';
import { orTimeout } from './or-timeout.ts';
import { openStripe, type StripeOnDemand } from './stripe-on-demand.ts';
import { UsageError } from './usage-error.ts';

/** The id of Stripe's keys in the stand-in for Secrets Manager. */
const STRIPE_SECRET_ID = 'postage-stripe-keys';
const EVENTS_QUEUE = 'postage-stripe-events';
/** As deployed, but for the rest: it is minutes in AWS, and a developer does not want to wait that long. */
const QUEUE = { batchSize: 5, restMs: 500 };
const MAX_RECEIVES = 1_000;
const SETTLES_WITHIN_MS = 5_000;

export interface StripeAddress {
  /** Null for Stripe itself. */
  url: string | null;
  secretKey: string;
  webhookSecret: string;
}

/** Stripe or its stand-in, and the queue of its events with the functions that read it. */
export interface LocalPayments {
  stripe: StripeAddress;
  operations: AwsOperations;
  secrets: Readonly<Record<string, string>>;
  environment: Readonly<Record<string, string>>;
  routes: readonly LocalRoute[];
  /** What a page needs to load Stripe.js; null: nobody has named the publishable key. */
  inPage: () => Promise<{ publishableKey: string; scriptUrl: string } | null>;
  /** Waits until every event that has come is processed or set aside. */
  settled: () => Promise<void>;
  /** Loads what would be loaded on demand. */
  warm: () => Promise<void>;
  stop: () => Promise<void>;
}

export interface PaymentsOptions {
  /** Where the API answers. */
  url: string;
  /** Where the stand-in for SQS answers. */
  awsUrl: string;
  clock: Clock;
  data: DataDirectory;
  app: LocalApp;
  onError: (error: unknown) => void;
}

/** @throws UsageError when the environment names keys that are not a sandbox's */
export async function openPayments(options: PaymentsOptions): Promise<LocalPayments> {
  const { url, awsUrl, clock, data, onError } = options;
  const own = ownKeys();
  const standIn =
    own === null ? await openStripe({ clock, data, onError, webhookUrl: `${url}/webhooks/stripe` }) : null;
  const stripe: StripeAddress = standIn ?? { url: null, ...(own ?? { secretKey: '', webhookSecret: '' }) };
  const { secretKey, webhookSecret } = stripe;

  const queue = { ...QUEUE, clock, data, onError };
  const deadLetters = new LocalQueue({
    ...queue,
    name: 'dead-stripe-events',
    consumer: () => import('../lambdas/jobs/failed-stripe-events.ts'),
    maxReceives: Infinity,
  });
  const events = new LocalQueue({
    ...queue,
    name: 'stripe-events',
    consumer: options.app.stripeEvents,
    maxReceives: MAX_RECEIVES,
    deadLetters,
  });
  return {
    stripe: { url: stripe.url, secretKey, webhookSecret },
    operations: sqs({ [EVENTS_QUEUE]: events }),
    secrets: { [STRIPE_SECRET_ID]: JSON.stringify({ secretKey, webhookSecret }) },
    environment: {
      AWS_ENDPOINT_URL_SQS: awsUrl,
      [VARIABLES.stripeEventsQueueUrl]: `${awsUrl}/000000000000/${EVENTS_QUEUE}`,
      [VARIABLES.stripeSecretId]: STRIPE_SECRET_ID,
      [VARIABLES.stripeApiUrl]: stripe.url ?? '',
      [VARIABLES.appUrl]: `${url}/app/`,
    },
    routes: standIn === null ? [] : routesTo(standIn, events),
    inPage: () => inPage(standIn),
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

async function inPage(
  standIn: StripeOnDemand | null,
): Promise<{ publishableKey: string; scriptUrl: string } | null> {
  if (standIn !== null) {
    const { publishableKey, url } = await standIn.load();
    return { publishableKey, scriptUrl: stripeScript(url) };
  }
  const publishableKey = process.env['STRIPE_PUBLISHABLE_KEY'];
  return publishableKey === undefined ? null : { publishableKey, scriptUrl: stripeScript() };
}

/** The keys of a sandbox at Stripe, to use in place of the stand-in. */
function ownKeys(): { secretKey: string; webhookSecret: string } | null {
  const secretKey = process.env['STRIPE_SECRET_KEY'];
  if (secretKey === undefined || secretKey === '') {
    return null;
  }
  const webhookSecret = process.env['STRIPE_WEBHOOK_SECRET'];
  if (!secretKey.startsWith('sk_test_')) {
    throw new UsageError(
      'STRIPE_SECRET_KEY must be the key of a sandbox, sk_test_…: npm start never moves real money.',
    );
  }
  if (webhookSecret === undefined || webhookSecret === '') {
    throw new UsageError(
      'STRIPE_SECRET_KEY also needs STRIPE_WEBHOOK_SECRET: "stripe listen --forward-to …/webhooks/stripe" prints it.',
    );
  }
  return { secretKey, webhookSecret };
}

/**
 * The stand-in's control routes, below `/dev/stripe`. What Stripe would have refused is refused as Postage words
 * problems. Each answers once Postage has dealt with the events that it caused, unless they are set to come late.
 */
function routesTo(standIn: StripeOnDemand, events: LocalQueue): LocalRoute[] {
  let areLate = false;
  const settle = async ({ control }: StripeStandIn): Promise<void> => {
    // An event's effect may cause another event.
    for (let round = 0; round < 2; round += 1) {
      await control.settled();
      await events.settled();
    }
  };
  const answerOf =
    (method: 'PUT' | 'POST') =>
    async ({ parameters, json }: LocalRequest): Promise<object> => {
      const stripe = await standIn.load();
      const path = ['', ...Object.values(parameters)].join('/');
      const { status, result, error } = await stripe.answerControl(method, path, json);
      if (error === null) {
        if (method === 'PUT') {
          areLate = delayed.safeParse(result).success;
        } else if (!areLate || path === '/flush') {
          const settled = path === '/flush' ? events.settled() : settle(stripe);
          await orTimeout(settled, SETTLES_WITHIN_MS, () => undefined);
        }
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
    {
      method: 'GET',
      path: '/dev/stripe',
      answer: async () => ({ publishableKey: (await standIn.load()).publishableKey }),
    },
    { method: 'PUT', path: '/dev/stripe', answer: answerOf('PUT') },
    { method: 'POST', path: '/dev/stripe/{order}', answer: answerOf('POST') },
    { method: 'POST', path: '/dev/stripe/{kind}/{id}/{order}', answer: answerOf('POST') },
  ];
}

const delayed = z.object({ webhooks: z.object({ delayMs: z.number().check(z.gt(0)) }) });
