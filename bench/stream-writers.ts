/** Writers of letters and deliveries over HTTP: the thread that `stream-child.ts` starts. It tells of each that is written. */
import { parentPort, workerData } from 'node:worker_threads';
import { DAY_MS } from '../lambdas/domain/instants.ts';

export interface Writing {
  url: string;
  /** One writer for each. A writer writes again as soon as the API has answered. */
  tokens: readonly string[];
  count: number;
}

const { url, tokens, count } = workerData as Writing;

/** Every tenth is a delivery of the letter before. */
const DELIVERY_EVERY = 10;

let begun = 0;

async function write(path: string, token: string, body: object): Promise<string> {
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { id } = (await answer.json()) as { id: string };
  if (answer.status !== 201) {
    throw new Error(`The bench's ${path} was answered ${String(answer.status)}.`);
  }
  parentPort?.postMessage(id);
  return id;
}

const deliverAt = new Date(Date.now() + 365 * DAY_MS).toISOString();

async function writeOn(token: string): Promise<void> {
  let letterId = '';
  for (let writes = 1; begun < count; writes += 1) {
    begun += 1;
    if (writes % DELIVERY_EVERY === 0) {
      const recipient = { email: 'me@example.com' };
      await write('/deliveries', token, { letterId, channel: 'email', deliverAt, recipient });
    } else {
      letterId = await write('/letters', token, { title: 'To my future self', body: 'Are you well?' });
    }
  }
}

await Promise.all(tokens.map(writeOn));
