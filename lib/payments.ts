import { Duration } from 'aws-cdk-lib';
import type { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Build, type Environment, PostageFunction } from './postage-function.ts';
import { createQueue, DeadLetterQueue, feed } from './queues.ts';
import type { ResourceArns } from './rights.ts';
import { createKeys } from './secret.ts';
import type { Stage } from './stage.ts';

export interface PaymentsProps {
  stage: Stage;
  build: Build;
  tableName: string;
  arns: ResourceArns;
}

/** More than the worker's deadlines, for a batch whose events are all of one customer. */
const WORKER_TIMEOUT = Duration.seconds(90);
/**
 * A message stays hidden this long. AWS wants six times the function's time-out, so that calls that Lambda throttles use up no
 * receives. A message that failed comes back before that, when the worker says (`event-patience.ts`).
 */
const HIDDEN = Duration.seconds(6 * WORKER_TIMEOUT.toSeconds());
/** The most that SQS allows. The worker itself sets an event aside before that (`event-patience.ts`). */
const MAX_RECEIVES = 1_000;
const BATCH_SIZE = 5;
/**
 * How many batches are worked on at once. Stripe allows 25 requests a second at one endpoint, and users' requests are
 * among them. https://docs.stripe.com/rate-limits
 */
const MAX_CONCURRENCY = 2;

/** Stripe's keys, and the queue in which its events wait for the worker that follows them. */
export class Payments extends Construct {
  readonly secret: CfnSecret;
  readonly events: Queue;
  /** They follow Stripe's events, and keep those that failed. */
  readonly workers: readonly PostageFunction[];
  readonly arns: ResourceArns;
  /** Of functions that reach Stripe. */
  readonly environment: Environment;

  constructor(scope: Construct, id: string, props: PaymentsProps) {
    super(scope, id);
    const { stage, build, tableName, arns: tableArns } = props;
    const keys = { secretKey: 'sk_...', webhookSecret: 'whsec_...' };
    this.secret = createKeys(this, 'StripeKeys', { stage, provider: 'Stripe', keys });
    const deadLetters = new DeadLetterQueue(this, 'unprocessed-stripe-events', {
      // Six times the time-out of the function that empties it.
      visibilityTimeout: Duration.seconds(150),
    });
    const { queue: dead } = deadLetters;
    this.events = createQueue(this, 'Events', {
      visibilityTimeout: HIDDEN,
      deadLetterQueue: { queue: dead, maxReceiveCount: MAX_RECEIVES },
    });
    deadLetters.replayTo({ queueUrl: this.events.queueUrl });
    this.arns = {
      stripeSecret: this.secret.attrId,
      stripeEvents: this.events.queueArn,
      deadStripeEvents: dead.queueArn,
    };
    this.environment = { stripeSecretId: this.secret.attrId, stripeApiUrl: stage.stripeApiUrl ?? '' };
    const arns = { ...tableArns, ...this.arns };
    const environment = { table: tableName, stage: stage.name };
    const worker = new PostageFunction(this, 'stripe-events', {
      build,
      description: "Postage: follows Stripe's events",
      arns,
      environment: {
        ...environment,
        ...this.environment,
        stripeEventsQueueUrl: this.events.queueUrl,
      },
      timeout: WORKER_TIMEOUT,
    });
    const keeper = new PostageFunction(this, 'failed-stripe-events', {
      build,
      description: "Postage: keeps Stripe's events that failed",
      arns,
      environment,
    });
    this.workers = [worker, keeper];
    feed(this, worker, this.events, { batchSize: BATCH_SIZE, maxConcurrency: MAX_CONCURRENCY });
    feed(this, keeper, dead, { batchSize: BATCH_SIZE, maxConcurrency: 2 });
  }
}
