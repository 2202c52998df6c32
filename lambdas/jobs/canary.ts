import * as z from 'zod/mini';
import { createStore } from '../adapters/dynamodb/store.ts';
import { giveBackUsage } from '../commands/give-back-usage.ts';
import { trackConsumption } from '../commands/track-consumption.ts';
import { type Catalogue } from '../domain/catalogue.ts';
import { deadlineIn } from '../runtime/deadline.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';
import { requiredVariable } from '../wiring/environment.ts';

/** Whose usage is counted. The statistics know them as a user. */
export const CANARY = 'postage-canary';

const DEADLINE_MS = 8_000;

const store = createStore(requiredVariable('table'), catalogueInForce());
const apiUrl = requiredVariable('publicUrl');

const event = z.object({ now: z.iso.datetime() });

/** Something is not as a user needs it. */
class CanaryError extends Error {
  override name = 'CanaryError';
}

/**
 * Does what users do: asks the API, with and without what it must refuse, uses a meter of the free plan and gives it back.
 *
 * @throws CanaryError, BusyError: the queue of failed runs keeps it, and its alarm rings
 */
export async function handler(input: unknown): Promise<void> {
  const now = Date.parse(event.parse(input).now);
  await expectStatus('/catalogue', 200);
  // The gateway looks at tokens.
  await expectStatus('/account', 401);
  const meter = freeMeterOf(store.catalogue);
  if (meter === null) {
    return;
  }
  const id = `canary-${String(now)}`;
  const deadline = deadlineIn(DEADLINE_MS);
  const use = { consume: { [meter]: 1 }, release: {} };
  const context = { userId: CANARY, id, fingerprint: meter, now, deadline };
  const { outcome } = await trackConsumption(store, context, use);
  const back = await giveBackUsage(store, { userId: CANARY, id, now, deadline });
  if (back.outcome !== 'given_back' && back.outcome !== 'replayed') {
    throw new CanaryError(`Using a meter ended as ${outcome}, and giving it back as ${back.outcome}.`);
  }
}

async function expectStatus(path: string, expected: number): Promise<void> {
  const { status } = await fetch(`${apiUrl}${path}`, { signal: AbortSignal.timeout(DEADLINE_MS) });
  if (status !== expected) {
    throw new CanaryError(`GET ${path} answers ${String(status)} and should answer ${String(expected)}.`);
  }
}

/** One that costs no credits and that everybody may use; null: the free plan has none. */
function freeMeterOf({ plans: [free], meters }: Catalogue): string | null {
  return meters.find(({ id, credits }) => credits === 0 && free.limits[id] !== undefined)?.id ?? null;
}
