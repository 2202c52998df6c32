import { Duration } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleTargetInput,
} from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DeadLetterQueue } from './queues.ts';
import type { Payments } from './payments.ts';
import { type Build, PostageFunction } from './postage-function.ts';
import type { ResourceArns } from './rights.ts';
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
  /** Of what the API may call. */
  readonly arns: ResourceArns;

  constructor(scope: Construct, id: string, props: ReconcilerProps) {
    super(scope, id);
    const { stage, build, tableName, arns, payments } = props;
    const { queue } = new DeadLetterQueue(this, 'failed-reconciliations');
    this.function = new PostageFunction(this, 'reconciler', {
      build,
      description: 'Postage: deals with what is due',
      arns: { ...arns, ...payments.arns, failedReconciliations: queue.queueArn },
      environment: { table: tableName, stage, ...(build.hasLetters ? payments.environment : {}) },
      // Less than the interval, and more than the function's own deadline.
      timeout: Duration.minutes(4),
      memorySizeMb: 1024,
    });
    const { lambda } = this.function;
    // The schedule does not wait for it: what it fails on is kept here. The next run makes up for it.
    lambda.configureAsyncInvoke({
      retryAttempts: 0,
      maxEventAge: RECONCILER_INTERVAL,
      onFailure: { bind: () => ({ destination: queue.queueArn }) },
    });
    this.createSchedule(queue);
    this.arns = { reconciler: lambda.functionArn };
  }

  /** By hand, since CDK's own target would let the schedule call every version of the function. */
  private createSchedule({ queueArn }: Queue): void {
    const { functionArn } = this.function.lambda;
    const role = new Role(this, 'ScheduleRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com'),
    });
    for (const [action, resource] of [
      ['lambda:InvokeFunction', functionArn],
      ['sqs:SendMessage', queueArn],
    ] as const) {
      role.addToPolicy(
        new PolicyStatement({ effect: Effect.ALLOW, actions: [action], resources: [resource] }),
      );
    }
    new Schedule(this, 'Schedule', {
      description: 'Postage: deals with what is due every five minutes',
      schedule: ScheduleExpression.rate(RECONCILER_INTERVAL),
      target: {
        bind: () => ({
          arn: functionArn,
          role,
          input: ScheduleTargetInput.fromObject({ now: ContextAttribute.scheduledTime }),
          deadLetterConfig: { arn: queueArn },
          retryPolicy: {
            maximumEventAgeInSeconds: RECONCILER_INTERVAL.toSeconds(),
            maximumRetryAttempts: 3,
          },
        }),
      },
    });
  }
}
