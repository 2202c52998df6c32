import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { type Build, PostageFunction } from './postage-function.ts';
import { DeadLetterQueue } from './queues.ts';
import type { ResourceArns } from './rights.ts';
import { callOnSchedule } from './schedule.ts';

export interface CanaryProps {
  build: Build;
  tableName: string;
  arns: ResourceArns;
  apiUrl: string;
}

/**
 * Does every five minutes what users do. A run that fails twice lies in the dead-letter queue, whose alarm rings. A function is the
 * cheapest that sees the gateway, the table and the catalogue: some $0.30 a month, where a canary of CloudWatch's costs ten dollars.
 */
export class Canary extends Construct {
  constructor(scope: Construct, id: string, { build, tableName, arns, apiUrl }: CanaryProps) {
    super(scope, id);
    const deadLetters = new DeadLetterQueue(this, 'failed-canaries');
    const { queue } = deadLetters;
    const canary = new PostageFunction(this, 'canary', {
      build,
      description: 'Postage: does what users do',
      arns: { ...arns, failedCanaries: queue.queueArn },
      environment: { table: tableName, publicUrl: apiUrl },
    });
    deadLetters.replayTo({ functionName: canary.lambda.functionName });
    callOnSchedule(this, canary, {
      description: 'Postage: does every five minutes what users do',
      every: Duration.minutes(5),
      retryFor: Duration.minutes(5),
      retries: 1,
      deadLetters: queue,
    });
  }
}
