import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { VARIABLES } from '../lambdas/wiring/environment.ts';
import { DeadLetterQueue } from './dead-letter-queue.ts';
import { PostageFunction } from './postage-function.ts';
import type { ResourceArns } from './rights.ts';
import { keepsData, type Stage } from './stage.ts';
import type { StripeSettings } from './stripe-settings.ts';

export interface PaymentsProps {
  stage: Stage;
  tableName: string;
  arns: ResourceArns;
  settings: StripeSettings;
}

/** More than the worker's deadlines, for a batch whose events are all of one customer. */
const WORKER_TIMEOUT = Duration.seconds(90);
/** A message that has failed rests this long. */
const REST = Duration.minutes(2);
/** So long, times REST, Stripe may be away until events are set aside. */
const MAX_RECEIVES = 12;
const BATCH_SIZE = 5;
/** How many batches are worked on at once. Stripe allows a hundred requests a second. */
const MAX_CONCURRENCY = 10;

/** Stripe's keys, and the queue in which its events wait for the worker that follows them. */
export class Payments extends Construct {
  readonly secret: CfnSecret;
  readonly events: Queue;
  /** They follow Stripe's events, and keep those that failed. */
  readonly workers: readonly PostageFunction[];
  readonly arns: ResourceArns;
  /** Of functions that reach Stripe. */
  readonly environment: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, { stage, tableName, arns: tableArns, settings }: PaymentsProps) {
    super(scope, id);
    this.secret = this.createSecret(stage);
    const { queue: dead } = new DeadLetterQueue(this, 'unprocessed-stripe-events');
    this.events = new Queue(this, 'Events', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      visibilityTimeout: REST,
      deadLetterQueue: { queue: dead, maxReceiveCount: MAX_RECEIVES },
    });
    this.arns = {
      stripeSecret: this.secret.attrId,
      stripeEvents: this.events.queueArn,
      deadStripeEvents: dead.queueArn,
    };
    this.environment = {
      [VARIABLES.stripeSecretId]: this.secret.attrId,
      [VARIABLES.stripeApiUrl]: settings.apiUrl,
    };
    const arns = { ...tableArns, ...this.arns };
    const environment = { [VARIABLES.table]: tableName, [VARIABLES.stage]: stage };
    const worker = new PostageFunction(this, 'stripe-events', {
      name: 'stripe-events',
      entry: 'lambdas/jobs/stripe-events.ts',
      description: "Postage: follows Stripe's events",
      arns,
      environment: {
        ...environment,
        ...this.environment,
        [VARIABLES.stripePrices]: settings.pricesJson,
      },
      timeout: WORKER_TIMEOUT,
    });
    const keeper = new PostageFunction(this, 'failed-stripe-events', {
      name: 'failed-stripe-events',
      entry: 'lambdas/jobs/failed-stripe-events.ts',
      description: "Postage: keeps Stripe's events that failed",
      arns,
      environment,
    });
    this.workers = [worker, keeper];
    this.feed(worker, this.events, MAX_CONCURRENCY);
    this.feed(keeper, dead, 2);
  }

  private feed({ name, lambda }: PostageFunction, queue: Queue, maxConcurrency: number): void {
    const mapping = new EventSourceMapping(this, `${name}-mapping`, {
      target: lambda,
      eventSourceArn: queue.queueArn,
      batchSize: BATCH_SIZE,
      reportBatchItemFailures: true,
      maxConcurrency,
    });
    Validations.of(mapping).acknowledge({
      id: 'Serverless-LambdaEventSourceMappingDestination',
      reason:
        'A mapping of a queue can have none: what fails stays in the queue, or goes to its dead letters.',
    });
  }

  /** With empty keys, which stand for "not configured": the owner sets them, and no deployment overwrites them. */
  private createSecret(stage: Stage): CfnSecret {
    const secret = new CfnSecret(this, 'StripeKeys', {
      description: "Stripe's keys: {secretKey: sk_..., webhookSecret: whsec_...}",
      secretString: JSON.stringify({ secretKey: '', webhookSecret: '' }),
    });
    secret.applyRemovalPolicy(keepsData(stage) ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'The keys are made by Stripe, and changed there first: docs/runbook.md.',
    });
    return secret;
  }
}
