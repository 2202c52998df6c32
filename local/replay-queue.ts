import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { ReplayTarget } from './replay-targets.ts';

export interface Clients {
  sqs: SQSClient;
  lambda: LambdaClient;
  sfn: SFNClient;
}

/** How many messages lie in a queue, about. */
export async function countMessages({ sqs }: Clients, QueueUrl: string): Promise<number> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
}

/** @param hiddenSeconds for how long others don't see the messages */
async function take({ sqs }: Clients, QueueUrl: string, hiddenSeconds: number): Promise<Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: hiddenSeconds,
      WaitTimeSeconds: 2,
      MessageSystemAttributeNames: ['SentTimestamp'],
      MessageAttributeNames: ['All'],
    }),
  );
  return Messages;
}

/** What is told of some messages: nothing of what is in them, as that is users'. */
export async function describeMessages(clients: Clients, QueueUrl: string): Promise<string[]> {
  const messages = await take(clients, QueueUrl, 1);
  return messages.map(({ MessageId = '', Attributes, MessageAttributes = {} }) => {
    const sentAt = new Date(Number(Attributes?.SentTimestamp ?? 0)).toISOString();
    const reasons = ['ERROR_CODE', 'ERROR_MESSAGE'].flatMap(
      (name) => MessageAttributes[name]?.StringValue ?? [],
    );
    return [`${sentAt} ${MessageId}`, ...reasons].join(': ');
  });
}

/**
 * Brings as many messages as there were to where they belong, and deletes each only then: breaking it off may bring one twice, and
 * loses none.
 */
export async function replayQueue(
  clients: Clients,
  queue: { url: string; to: ReplayTarget },
  count: number,
  onReplayed: () => void,
): Promise<number> {
  let replayed = 0;
  while (replayed < count) {
    const messages = await take(clients, queue.url, 120);
    if (messages.length === 0) {
      break;
    }
    for (const { Body = '', ReceiptHandle } of messages) {
      await deliver(clients, queue.to, Body);
      await clients.sqs.send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle }));
      replayed += 1;
      onReplayed();
    }
  }
  return replayed;
}

async function deliver({ sqs, lambda, sfn }: Clients, to: ReplayTarget, body: string): Promise<void> {
  if ('queueUrl' in to) {
    await sqs.send(new SendMessageCommand({ QueueUrl: to.queueUrl, MessageBody: body }));
  } else if ('functionName' in to) {
    await lambda.send(
      new InvokeCommand({ FunctionName: to.functionName, InvocationType: 'Event', Payload: payloadOf(body) }),
    );
  } else if ('stateMachineArn' in to) {
    await sfn.send(new StartExecutionCommand({ stateMachineArn: to.stateMachineArn, input: body }));
  }
}

/** Lambda keeps what a function failed on within a record of its own; a schedule keeps the payload as it is. */
function payloadOf(body: string): Buffer {
  const kept: unknown = JSON.parse(body);
  const isRecord = typeof kept === 'object' && kept !== null && 'requestPayload' in kept;
  return Buffer.from(isRecord ? JSON.stringify(kept.requestPayload) : body);
}
