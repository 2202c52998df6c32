import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { AwsError } from './aws-error.ts';
import type { AwsOperations } from './aws-stand-in.ts';
import type { Clock } from './clock.ts';
import type { DataDirectory } from './data-directory.ts';

/** Loads the function that reads a queue. */
export type QueueConsumer = () => Promise<{ handler: (event: SQSEvent) => Promise<unknown> }>;

export interface QueueOptions {
  name: string;
  consumer: QueueConsumer;
  batchSize: number;
  /** After this many tries a message goes to the dead letters. Infinity for the dead letters themselves. */
  maxReceives: number;
  deadLetters?: LocalQueue | undefined;
  /** The pause before a failed message is tried again. */
  restMs: number;
  clock: Pick<Clock, 'now'>;
  /** Keeps waiting messages over restarts. */
  data: DataDirectory;
  onError: (error: unknown) => void;
}

const keptMessage = z.object({ id: z.string(), body: z.string(), sentAt: z.number(), receives: z.number() });
const stored = z.array(keptMessage);

interface Message extends z.infer<typeof keptMessage> {
  /** On the clock of `performance.now()`. */
  readyAt: number;
}

/** An SQS queue with its event source mapping: batches, failures of single messages, retries, dead letters. */
export class LocalQueue {
  readonly #options: QueueOptions;
  readonly #ending = new AbortController();
  #messages: Message[];
  #pump: Promise<void> | null = null;

  constructor(options: QueueOptions) {
    this.#options = options;
    const kept = stored.safeParse(options.data.read(this.#file()));
    this.#messages = (kept.success ? kept.data : []).map((message) => ({ ...message, readyAt: 0 }));
  }

  /** @returns the id of the message */
  send(body: string): string {
    const id = randomUUID();
    const readyAt = performance.now();
    this.#messages.push({ id, body, sentAt: this.#options.clock.now(), receives: 0, readyAt });
    this.#save();
    this.begin();
    return id;
  }

  /** Waits until this queue and its dead letters are empty. */
  async settled(): Promise<void> {
    while (this.#pump !== null) {
      await this.#pump;
    }
    await this.#options.deadLetters?.settled();
  }

  /** Ends after the batch under way. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#pump;
  }

  /** Hands over what waits, once everything that the consumer needs has started. */
  begin(): void {
    if (this.#pump === null && this.#messages.length > 0 && !this.#ending.signal.aborted) {
      this.#pump = this.#consume().finally(() => {
        this.#pump = null;
        this.begin();
      });
    }
  }

  async #consume(): Promise<void> {
    // The sender gets its answer first.
    await sleep(0);
    while (this.#messages.length > 0 && !this.#ending.signal.aborted) {
      const now = performance.now();
      const batch = this.#messages.filter(({ readyAt }) => readyAt <= now).slice(0, this.#options.batchSize);
      if (batch.length === 0) {
        const soonest = Math.min(...this.#messages.map(({ readyAt }) => readyAt));
        await sleep(Math.max(1, soonest - now), undefined, { signal: this.#ending.signal }).catch(
          () => undefined,
        );
      } else {
        await this.#hand(batch);
      }
    }
  }

  async #hand(batch: readonly Message[]): Promise<void> {
    const { maxReceives, deadLetters, restMs, onError } = this.#options;
    for (const message of batch) {
      message.receives += 1;
    }
    const failed = await this.#invoke(batch).catch((error: unknown) => {
      onError(error);
      return new Set(batch.map(({ id }) => id));
    });
    for (const message of batch) {
      message.readyAt = performance.now() + restMs;
      if (failed.has(message.id) && message.receives >= maxReceives) {
        deadLetters?.send(message.body);
      }
    }
    const isDone = ({ id, receives }: Message): boolean => !failed.has(id) || receives >= maxReceives;
    const done = new Set(batch.filter(isDone));
    this.#messages = this.#messages.filter((message) => !done.has(message));
    this.#save();
  }

  /** @returns the ids of the messages that have failed */
  async #invoke(batch: readonly Message[]): Promise<ReadonlySet<string>> {
    const { handler } = await this.#options.consumer();
    const answer = z.parse(batchResponse, (await handler({ Records: batch.map(toRecord) })) ?? {});
    return new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  }

  #save(): void {
    const kept = this.#messages.map(({ readyAt: _, ...message }) => message);
    this.#options.data.write(this.#file(), kept);
  }

  #file(): string {
    return `queue-${this.#options.name}`;
  }
}

const batchResponse = z.object({
  batchItemFailures: z._default(z.array(z.object({ itemIdentifier: z.string() })), []),
});

function toRecord({ id, body, sentAt, receives }: Message): SQSRecord {
  return {
    messageId: id,
    receiptHandle: id,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: String(sentAt),
      SenderId: 'local',
      ApproximateFirstReceiveTimestamp: String(sentAt),
    },
    messageAttributes: {},
    md5OfBody: md5(body),
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:local',
    awsRegion: 'us-east-1',
  };
}

const changeVisibility = z.object({ QueueUrl: z.string(), ReceiptHandle: z.string() });
const sendMessage = z.object({ QueueUrl: z.string(), MessageBody: z.string().check(z.minLength(1)) });
/** SQS's limit. */
const MAX_MESSAGE_BYTES = 256 * 1024;
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const ALLOWED = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;

/** SQS with these queues. Their URLs end with their names. */
export function sqs(queues: Readonly<Record<string, LocalQueue>>): AwsOperations {
  return {
    'AmazonSQS.SendMessage': (request) => {
      const { QueueUrl, MessageBody } = z.parse(sendMessage, request);
      const queue = queues[QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1)];
      if (queue === undefined) {
        throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
      }
      if (!ALLOWED.test(MessageBody)) {
        throw new AwsError(
          'InvalidMessageContents',
          'The message contains characters outside the allowed set.',
        );
      }
      if (Buffer.byteLength(MessageBody) > MAX_MESSAGE_BYTES) {
        throw new AwsError('InvalidParameterValue', 'The message is longer than 262144 bytes.');
      }
      return { MessageId: queue.send(MessageBody), MD5OfMessageBody: md5(MessageBody) };
    },
    // A message that failed rests as long as the queue says: a developer does not want to wait for an hour.
    'AmazonSQS.ChangeMessageVisibility': (request) => {
      z.parse(changeVisibility, request);
      return {};
    },
  };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
