import { describe, expect, it } from '@jest/globals';
import { findSchedules } from '../e2e/support/stack.ts';
import { physicalNames, useStack } from './support/stack.ts';

const stack = useStack();

describe('the schedule of the rollover', () => {
  it('starts the state machine each midnight, and keeps what could not be started', async () => {
    const schedules = await findSchedules(stack().outputs.RolloverStateMachineArn);
    expect(schedules).toMatchObject([
      {
        State: 'ENABLED',
        ScheduleExpression: 'cron(0 0 * * ? *)',
        ScheduleExpressionTimezone: expect.stringMatching(/UTC$/),
        Target: { Input: JSON.stringify({ now: '<aws.scheduler.scheduled-time>' }) },
      },
    ]);
    const deadLetters = String(schedules[0]?.Target?.DeadLetterConfig?.Arn);
    const queues = await physicalNames(stack().name, 'AWS::SQS::Queue');
    const names = [...queues.values()].map((url) => url.slice(url.lastIndexOf('/') + 1));
    expect(names).toContain(deadLetters.slice(deadLetters.lastIndexOf(':') + 1));
  });
});
