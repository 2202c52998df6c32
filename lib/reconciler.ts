import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { DeadLetterQueue } from './queues.ts';
import type { Payments } from './payments.ts';
import { type Build, PostageFunction } from './postage-function.ts';
import type { ResourceArns } from './rights.ts';
import { callOnSchedule } from './schedule.ts';
import type { Stage } from './stage.ts';

export interface ReconcilerProps {
  stage: Stage;
  build: Build;
  tableName: string;
  arns: ResourceArns;
  /** For the letters app, whose mails cards may pay for. */
  payments: Payments;
}

/** How often it runs. What it does not finish is left to the next run. */
export const RECONCILER_INTERVAL = Duration.minutes(5);

/** What deals with what is due, such as gifts that nobody claimed and deliveries: a schedule that calls a function. */
export class Reconciler extends Construct {
  readonly function: PostageFunction;
  /** How many functions share what is due. */
  readonly parts: number;
  /** Of what the API may call. */
  readonly arns: ResourceArns;

  constructor(scope: Construct, id: string, props: ReconcilerProps) {
    super(scope, id);
    const { stage, build, tableName, arns, payments } = props;
    this.parts = stage.limits?.reconcilers ?? 1;
    const deadLetters = new DeadLetterQueue(this, 'failed-reconciliations');
    const { queue } = deadLetters;
    this.function = new PostageFunction(this, 'reconciler', {
      build,
      description: 'Postage: deals with what is due',
      arns: { ...arns, ...payments.arns, failedReconciliations: queue.queueArn },
      environment: { table: tableName, stage: stage.name, ...(build.hasLetters ? payments.environment : {}) },
      // Less than the interval, and more than the function's own deadline.
      timeout: Duration.minutes(4),
      memorySizeMb: 1024,
    });
    deadLetters.replayTo({ functionName: this.function.lambda.functionName });
    callOnSchedule(this, this.function, {
      description: 'Postage: deals with what is due every five minutes',
      every: RECONCILER_INTERVAL,
      // The next run makes up for one that fails.
      retryFor: RECONCILER_INTERVAL,
      retries: 0,
      deadLetters: queue,
      parts: this.parts,
    });
    this.arns = { reconciler: this.function.lambda.functionArn };
  }
}
