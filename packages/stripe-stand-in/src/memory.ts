import { z } from 'zod';
import { type IdempotencyKeys } from './idempotency.ts';
import { type Sandbox } from './sandbox.ts';
import { type Webhooks } from './webhooks.ts';

/** Where values are kept over restarts: a file each, a table, or a map for tests. */
export interface DataStore {
  /** Undefined when there is none. */
  read(name: string): unknown;
  write(name: string, value: object): void;
}

const NAME = 'stripe';
const WRITE_DELAY_MS = 200;

const keptAnswer = z.object({ status: z.number(), body: z.string(), requestId: z.string() });
const kept = z.object({
  seed: z.number(),
  secretKey: z.string(),
  webhookSecret: z.string(),
  idCount: z.number(),
  state: z.record(z.string(), z.array(z.looseObject({ id: z.string() }))),
  idempotency: z.array(
    z.object({
      key: z.string(),
      fingerprint: z.string(),
      path: z.string(),
      at: z.number(),
      answer: keptAnswer,
    }),
  ),
  undelivered: z.array(
    z.union([
      z.object({ event: z.string(), target: z.nullable(z.string()) }),
      // What was kept before there were several endpoints.
      z.string().transform((event) => ({ event, target: null })),
    ]),
  ),
});
export type Kept = z.infer<typeof kept>;

interface Parts {
  sandbox: Sandbox;
  idempotency: IdempotencyKeys;
  webhooks: Webhooks;
}

/** What outlives the process when there is a store. */
export interface Memory {
  read(): Kept | null;
  restore(kept: Kept | null, parts: Parts): void;
  /** Soon, and once for many changes. */
  write(now: Parts & Pick<Kept, 'seed' | 'secretKey' | 'webhookSecret'>): void;
  /** Writes what is still to be written. */
  close(): void;
}

export function openMemory(data: DataStore | undefined): Memory {
  let pending: { timer: NodeJS.Timeout; write: () => void } | null = null;
  const writeNow = (): void => {
    if (pending !== null) {
      clearTimeout(pending.timer);
      pending.write();
      pending = null;
    }
  };
  return {
    read: () => {
      const read = kept.safeParse(data?.read(NAME));
      return read.success ? read.data : null;
    },
    restore: (stored, { sandbox, idempotency, webhooks }) => {
      if (stored === null) {
        return;
      }
      sandbox.restore(stored.state, stored.idCount);
      idempotency.restore(stored.idempotency);
      for (const { event: id, target } of stored.undelivered) {
        const event = sandbox.state.event.get(id);
        if (event !== undefined) {
          webhooks.hold(event, target);
        }
      }
    },
    write: ({ seed, secretKey, webhookSecret, sandbox, idempotency, webhooks }) => {
      if (data === undefined || pending !== null) {
        return;
      }
      const write = (): void =>
        data.write(NAME, {
          seed,
          secretKey,
          webhookSecret,
          idCount: sandbox.idCount,
          state: sandbox.snapshot(),
          idempotency: idempotency.snapshot(),
          undelivered: webhooks.undelivered(),
        });
      pending = { write, timer: setTimeout(writeNow, WRITE_DELAY_MS).unref() };
    },
    close: writeNow,
  };
}
