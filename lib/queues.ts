import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { type IQueue, Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { PostageFunction } from './postage-function.ts';

/** A queue that keeps messages for 14 days, the longest that SQS offers. */
export function createQueue(scope: Construct, id: string, props: QueueProps = {}): Queue {
  return new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    ...props,
  });
}

/** Where a message of a dead-letter queue goes when somebody replays it. `local/replay-targets.ts` reads it. */
export type ReplayTarget =
  | { queueUrl: string }
  | { functionName: string }
  | { stateMachineArn: string }
  /** The messages only tell of objects in the bucket of failed records. */
  | { bucket: string };

/** Keeps what could not be delivered. The monitoring finds each of these in the stack and watches it. */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue;
  #target: ReplayTarget | null = null;

  constructor(scope: Construct, id: string, props: QueueProps = {}) {
    super(scope, id);
    this.queue = createQueue(this, 'Queue', props);
    const reason = 'This is a dead-letter queue: nothing comes after it but an alarm.';
    Validations.of(this.queue).acknowledge(
      { id: 'AwsSolutions-SQS3', reason },
      { id: 'Serverless-SQSRedrivePolicy', reason },
    );
  }

  /** Says where its messages belong. */
  replayTo(target: ReplayTarget): this {
    this.#target = target;
    return this;
  }

  get target(): ReplayTarget {
    if (this.#target === null) {
      throw new Error(`Nothing says where messages of ${this.node.id} belong.`);
    }
    return this.#target;
  }
}

/** What `npm run replay` is told of the stack. */
export function replaysOf(inStack: Construct): Record<string, { url: string; to: ReplayTarget }> {
  return Object.fromEntries(
    deadLetterQueuesOf(inStack).map(({ node, queue, target }) => [
      node.id,
      { url: queue.queueUrl, to: target },
    ]),
  );
}

/** All of the stack that something is in. */
export function deadLetterQueuesOf(inStack: Construct): DeadLetterQueue[] {
  return Stack.of(inStack)
    .node.findAll()
    .filter((each) => each instanceof DeadLetterQueue);
}

/** Hands a queue's messages to a function, which reports those that failed. */
export function feed(
  scope: Construct,
  { name, lambda }: PostageFunction,
  { queueArn }: IQueue,
  limits: { batchSize: number; maxConcurrency: number },
): void {
  const mapping = new EventSourceMapping(scope, `${name}-mapping`, {
    target: lambda,
    eventSourceArn: queueArn,
    reportBatchItemFailures: true,
    ...limits,
  });
  Validations.of(mapping).acknowledge({
    id: 'Serverless-LambdaEventSourceMappingDestination',
    reason:
      'A mapping of a queue can have none: what fails stays in the queue, or goes to its dead-letter queue.',
  });
}
