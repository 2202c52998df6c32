import { Aws, type Duration } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleTargetInput,
} from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { PostageFunction } from './postage-function.ts';

export interface Calls {
  description: string;
  every: Duration;
  /** For how long it is called again, where a call can't be made or fails. */
  retryFor: Duration;
  /** How often it is called again when it fails. */
  retries: 0 | 1 | 2;
  /** Keeps what it fails on. */
  deadLetters: Queue;
  /** In how many parts it is called each time: each call is told which it is. 1 unless told. */
  parts?: number;
}

/** A service, for what is in this account alone: others' schedules and state machines get no role of ours. */
export function ofThisAccount(service: string): ServicePrincipal {
  return new ServicePrincipal(service, {
    conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
  });
}

/**
 * Calls a function with the time for which it is scheduled. By hand, since CDK's own target would let the schedule call
 * every version of the function.
 */
export function callOnSchedule(
  scope: Construct,
  { lambda }: PostageFunction,
  { description, every, retryFor, retries, deadLetters, parts = 1 }: Calls,
): void {
  const { queueArn } = deadLetters;
  // The schedule does not wait for it.
  lambda.configureAsyncInvoke({
    retryAttempts: retries,
    maxEventAge: retryFor,
    onFailure: { bind: () => ({ destination: queueArn }) },
  });
  const { functionArn } = lambda;
  const role = new Role(scope, 'ScheduleRole', {
    assumedBy: ofThisAccount('scheduler.amazonaws.com'),
  });
  for (const [action, resource] of [
    ['lambda:InvokeFunction', functionArn],
    ['sqs:SendMessage', queueArn],
  ] as const) {
    role.addToPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions: [action], resources: [resource] }));
  }
  for (let index = 0; index < parts; index += 1) {
    const part = parts === 1 ? {} : { part: { index, of: parts } };
    new Schedule(scope, index === 0 ? 'Schedule' : `Schedule${String(index)}`, {
      description:
        parts === 1 ? description : `${description}, part ${String(index + 1)} of ${String(parts)}`,
      schedule: ScheduleExpression.rate(every),
      target: {
        bind: () => ({
          arn: functionArn,
          role,
          input: ScheduleTargetInput.fromObject({ now: ContextAttribute.scheduledTime, ...part }),
          deadLetterConfig: { arn: queueArn },
          retryPolicy: { maximumEventAgeInSeconds: retryFor.toSeconds(), maximumRetryAttempts: 3 },
        }),
      },
    });
  }
}
