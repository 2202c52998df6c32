import type { RecordedRequest } from 'stripe-stand-in';
import * as z from 'zod/mini';

/** One of many requests that differ in nothing but ids and numbers. */
export interface Kind {
  method: string;
  /** Path and query. */
  target: string;
  body: string;
}

const recorded: z.ZodMiniType<RecordedRequest> = z.object({
  method: z.string(),
  target: z.string(),
  userAgent: z.string(),
  body: z.string(),
});

/** What the judge has to refuse. If it does not, it judges nothing. */
export const CONTROLS: readonly Kind[] = [
  { method: 'POST', target: '/v1/customers', body: 'no_such_parameter=1' },
  {
    method: 'POST',
    target: '/v1/webhook_endpoints',
    body: 'url=https://example.com&enabled_events[0]=customer.subscription.*',
  },
  { method: 'GET', target: '/v1/subscriptions?status=unheard_of', body: '' },
];

/** As the SDK names the app that it works for. */
const POSTAGE = 'Postage';
const MADE_UP = /\b([a-z]+)(_test|_live)?_[A-Za-z0-9]{14,}\b/g;

/** What Postage asked for, a kind each, from lines of JSON. What a test itself asked for is left out. */
export function distinctRequests(lines: string): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const line of lines.split('\n').filter((each) => each !== '')) {
    const { method, target, userAgent, body } = z.parse(recorded, JSON.parse(line));
    if (userAgent.includes(POSTAGE)) {
      const shape = `${method} ${target} ${body}`.replaceAll(MADE_UP, '$1_…').replaceAll(/\d+/g, '0');
      kinds.set(shape, { method, target, body });
    }
  }
  return [...kinds.values()];
}
