import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetScheduleCommand, paginateListSchedules, SchedulerClient } from '@aws-sdk/client-scheduler';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import { type Instant, toIso } from '../../../lambdas/domain/instants.ts';

/** What every deployed stack tells of itself. */
export const stackOutputs = z.object({
  TableName: z.string(),
  CronSecretArn: z.string(),
  GiftSecretArn: z.string(),
  StripeSecretArn: z.string(),
  RolloverStateMachineArn: z.string(),
  EventBusName: z.string(),
  FailedRecordsBucketName: z.string(),
});

/** What a stack with the letters app tells. */
export const lettersOutputs = z.extend(stackOutputs, { MailSecretArn: z.string() });

/** @throws Error when the stack does not have these outputs */
export async function readOutputs<Outputs>(
  stackName: string,
  outputs: z.ZodMiniType<Outputs>,
): Promise<Outputs> {
  const client = new CloudFormationClient();
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
  const pairs = Stacks?.[0]?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue] as const);
  return z.parse(outputs, Object.fromEntries(pairs ?? []));
}

export async function readSecret(arn: string): Promise<string> {
  const client = new SecretsManagerClient();
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
  return z.parse(z.string(), SecretString);
}

export type StackSchedule = Awaited<ReturnType<typeof findSchedules>>[number];

/** The schedules that start a state machine. */
export async function findSchedules(stateMachineArn: string) {
  const client = new SchedulerClient();
  const schedules = [];
  for await (const { Schedules = [] } of paginateListSchedules({ client }, {})) {
    for (const { Name, GroupName, Target } of Schedules) {
      if (Target?.Arn === stateMachineArn) {
        schedules.push(await client.send(new GetScheduleCommand({ Name, GroupName })));
      }
    }
  }
  return schedules;
}

/**
 * Starts the target of a schedule with its input, as the scheduler does at that time.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 *
 * @returns the execution's ARN
 */
export async function startTarget({ Arn, Target }: StackSchedule, scheduledAt: Instant): Promise<string> {
  const input = z
    .parse(z.string(), Target?.Input)
    .replaceAll('<aws.scheduler.scheduled-time>', toIso(scheduledAt).replace(/\.\d+Z$/, 'Z'))
    .replaceAll('<aws.scheduler.schedule-arn>', String(Arn));
  const { executionArn } = await new SFNClient().send(
    new StartExecutionCommand({ stateMachineArn: Target?.Arn, input }),
  );
  return z.parse(z.string(), executionArn);
}
