import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Payments } from './payments.ts';
import { type Build, PostageFunction } from './postage-function.ts';
import { DeadLetterQueue } from './queues.ts';
import type { ResourceArns } from './rights.ts';
import { callOnSchedule } from './schedule.ts';
import type { Stage } from './stage.ts';

export interface StripeCheckProps {
  stage: Stage;
  build: Build;
  tableName: string;
  arns: ResourceArns;
  payments: Payments;
  /** Where the API answers, and with it the webhook. */
  apiUrl: string;
}

/** Compares the account at Stripe with what the stack needs, once a day. */
export class StripeCheck extends Construct {
  readonly function: PostageFunction;

  constructor(scope: Construct, id: string, props: StripeCheckProps) {
    super(scope, id);
    const { stage, build, tableName, arns, payments, apiUrl } = props;
    const deadLetters = new DeadLetterQueue(this, 'failed-stripe-checks');
    const { queue } = deadLetters;
    this.function = new PostageFunction(this, 'check-stripe', {
      build,
      description: 'Postage: compares the account at Stripe with what the stack needs',
      arns: { ...arns, ...payments.arns, failedStripeChecks: queue.queueArn },
      environment: { table: tableName, stage: stage.name, ...payments.environment, publicUrl: apiUrl },
      timeout: Duration.minutes(2),
    });
    deadLetters.replayTo({ functionName: this.function.lambda.functionName });
    callOnSchedule(this, this.function, {
      description: 'Postage: checks the account at Stripe every day',
      every: Duration.days(1),
      retryFor: Duration.hours(6),
      retries: 2,
      deadLetters: queue,
    });
  }
}
