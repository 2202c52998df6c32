import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { BusTarget } from '../lambdas/letters/wiring/bus-rules.ts';
import { VARIABLES } from '../lambdas/letters/wiring/environment.ts';
import { type BusEntry, messageOf, targetsOf } from './bus-rules.ts';
import type { Clock } from './clock.ts';
import type { DataDirectory } from './data-directory.ts';
import { validated } from '../lambdas/http/validation.ts';
import type { LocalRoute } from './local-routes.ts';
import { LocalQueue, type QueueConsumer } from './queue.ts';
import {
  CONFIGURATION_SET,
  SENDER_MANNERS,
  type SenderManners,
  startSenderStandIn,
} from './sender-stand-in.ts';

const MAIL_SECRET_ID = 'postage-mail-keys';
const RECONCILER_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:postage-reconciler';
/** The secret that Lob signs its events with. */
export const LOCAL_MAIL_WEBHOOK_SECRET = 'local-mail-webhook-secret';

/** The functions behind the bus's rules. */
const CONSUMERS: Readonly<Record<BusTarget, QueueConsumer>> = {
  'email-sender': () => import('../lambdas/letters/jobs/email-sender.ts'),
  'mail-sender': () => import('../lambdas/letters/jobs/mail-sender.ts'),
  'delivery-answers': () => import('../lambdas/letters/jobs/delivery-answers.ts'),
};

/** As deployed, but for the rest: it is minutes in AWS, and a developer does not want to wait that long. */
const QUEUE = { maxReceives: 5, batchSize: 10, restMs: 500 };

/** Sends letters on this machine: the queues behind the bus, and providers that write files. */
export interface LocalSenders {
  /** Holds what was sent. */
  folder: string;
  secrets: Readonly<Record<string, string>>;
  environment: Readonly<Record<string, string>>;
  routes: readonly LocalRoute[];
  /** Takes each entry on the bus. */
  onEntry: (entry: BusEntry) => void;
  /** Waits until the queues are empty. */
  settled: () => Promise<void>;
  stop: () => Promise<void>;
}

export interface SendersOptions {
  clock: Clock;
  data: DataDirectory;
  /** Without it, the folder ends with the runtime. */
  dataDir: string | undefined;
  onError: (error: unknown) => void;
}

export async function openSenders({ clock, data, dataDir, onError }: SendersOptions): Promise<LocalSenders> {
  const folder = dataDir === undefined ? mkdtempSync(join(tmpdir(), 'postage-sent-')) : join(dataDir, 'sent');
  const manners: SenderManners = { email: 'ok', mail: 'ok' };
  const standIn = await startSenderStandIn({
    folder,
    clock,
    manners: () => manners,
    report: (event) => {
      queues['delivery-answers'].send(JSON.stringify(event));
    },
    invoke: async (_arn, input) => (await import('../lambdas/letters/jobs/reconciler.ts')).handler(input),
  });
  const queueOf = (name: BusTarget): LocalQueue =>
    new LocalQueue({ ...QUEUE, clock, data, onError, name, consumer: CONSUMERS[name] });
  const queues: Readonly<Record<BusTarget, LocalQueue>> = {
    'email-sender': queueOf('email-sender'),
    'mail-sender': queueOf('mail-sender'),
    'delivery-answers': queueOf('delivery-answers'),
  };
  return {
    folder,
    secrets: {
      [MAIL_SECRET_ID]: JSON.stringify({ apiKey: 'local', webhookSecret: LOCAL_MAIL_WEBHOOK_SECRET }),
    },
    environment: {
      AWS_ENDPOINT_URL_SESV2: standIn.url,
      AWS_ENDPOINT_URL_LAMBDA: standIn.url,
      [VARIABLES.lobApiUrl]: standIn.url,
      [VARIABLES.emailFrom]: 'Postage <letters@example.com>',
      [VARIABLES.emailConfigurationSet]: CONFIGURATION_SET,
      [VARIABLES.mailFrom]: 'adr_local',
      [VARIABLES.mailSecretId]: MAIL_SECRET_ID,
      [VARIABLES.reconcilerArn]: RECONCILER_ARN,
    },
    routes: routesTo(manners, folder),
    onEntry: (entry) => {
      for (const target of targetsOf(entry)) {
        for (let time = 0; time < timesOf(target, manners); time += 1) {
          queues[target].send(messageOf(randomUUID(), entry));
        }
      }
    },
    settled: async () => {
      // Sending brings answers.
      await Promise.all([queues['email-sender'].settled(), queues['mail-sender'].settled()]);
      await queues['delivery-answers'].settled();
    },
    stop: async () => {
      await Promise.all(Object.values(queues).map((queue) => queue.stop()));
      await standIn.stop();
      if (dataDir === undefined) {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

const mannersBody = z.strictObject({
  email: z.optional(z.enum(SENDER_MANNERS.email)),
  mail: z.optional(z.enum(SENDER_MANNERS.mail)),
});

/** Shows and sets how the providers behave. */
function routesTo(manners: SenderManners, folder: string): LocalRoute[] {
  return [
    { method: 'GET', path: '/dev/senders', answer: () => ({ ...manners, folder }) },
    {
      method: 'PUT',
      path: '/dev/senders',
      answer: ({ json }) => {
        const { email = manners.email, mail = manners.mail } = validated(mannersBody, json);
        Object.assign(manners, { email, mail });
        return { ...manners, folder };
      },
    },
  ];
}

/** `twice` sends each message twice, and each answer too. */
function timesOf(target: BusTarget, { email, mail }: SenderManners): number {
  switch (target) {
    case 'email-sender':
      return email === 'twice' ? 2 : 1;
    case 'mail-sender':
      return mail === 'twice' ? 2 : 1;
    case 'delivery-answers':
      return email === 'twice' || mail === 'twice' ? 2 : 1;
  }
}
