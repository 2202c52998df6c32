/** An app that uses a generated client as its users would: compiled strictly, without casts, and run. */
import createClient from 'openapi-fetch';
import type { components, paths } from './api.d.ts';

type Problem = components['schemas']['Problem'];

const [baseUrl = '', token = '', serviceToken = ''] = process.argv.slice(2);

function clientWith(bearer: string) {
  return createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${bearer}` } });
}

const api = clientWith(token);
const letter = { title: 'To me', body: 'Dear me,\nstill there?' };

/** Deals with every problem that Postage knows. The compiler checks that a code brings its figures. */
function advice(problem: Problem): string {
  switch (problem.code) {
    case 'quota_exceeded':
      // No time resets a level.
      return `${problem.used.toFixed(0)} of ${String(problem.limit)} until ${problem.resetsAt ?? 'a release'}`;
    case 'rate_limited':
      return `${problem.limit.toFixed(0)} until ${problem.resetsAt.slice(0, 10)}`;
    case 'payment_action_required':
      return problem.clientSecret.slice(0, 3);
    case 'payment_failed':
      return problem.declineCode ?? problem.price?.currency ?? problem.detail;
    case 'too_large':
      return problem.limitBytes.toFixed(0);
    case 'invalid':
      return problem.errors.map(({ path, message }) => `${path}: ${message}`).join(' ');
    default:
      return problem.detail;
  }
}

async function main(): Promise<object> {
  const made = await Promise.all(Array.from({ length: 5 }, () => api.POST('/letters', { body: letter })));
  const ids = made.flatMap(({ data }) => data?.id ?? []);

  const sixth = await api.POST('/letters', { body: letter });
  const refusal = sixth.error?.code === 'quota_exceeded' ? advice(sixth.error) : null;

  const [letterId = ''] = ids;
  const delivery = await api.POST('/deliveries', {
    body: {
      letterId,
      channel: 'mail',
      deliverAt: '2046-11-24T09:00:00Z',
      recipient: {
        name: 'Ada',
        line1: 'Square 1',
        city: 'London',
        postalCode: 'SW1Y 4JH',
        country: 'GB',
      },
    },
  });
  const { error } = delivery;
  let needed: string | null = null;
  // What the gateway answers has no code, so that one `switch` deals with everything.
  if (error !== undefined) {
    switch (error.code) {
      case 'plan_required':
        needed = error.upgradeTo;
        break;
      case 'insufficient_credits':
        // Required here: a delivery says how many credits there were, and when there will be more.
        needed = `${error.used.toFixed(0)} of ${error.limit.toFixed(0)} until ${error.resetsAt}`;
        break;
      case 'payment_action_required':
        needed = error.clientSecret;
        break;
      case undefined:
      case '':
        needed = error.message;
        break;
      default:
        needed = error.detail;
    }
  }

  const stranger = await clientWith('not.a.token').GET('/entitlements');
  const unauthorized = stranger.error !== undefined && !stranger.error.code ? stranger.error.message : null;

  const counted = await clientWith(serviceToken).POST('/users/{userId}/usage', {
    params: { path: { userId: 'somebody' }, header: { 'Idempotency-Key': 'once' } },
    body: { consume: { letters: 1 } },
  });
  const page = await api.GET('/letters', { params: { query: { limit: 2 } } });

  return {
    letters: ids.length,
    refusal,
    needed,
    unauthorized,
    counted: counted.data?.consumed,
    page: page.data?.items.length,
  };
}

/** Never called: the compiler refuses these. */
export async function mistakes(): Promise<void> {
  const recipient = { email: 'ada@example.com' };
  // @ts-expect-error -- a recipient goes with its channel
  await api.POST('/deliveries', { body: { letterId: 'a', channel: 'mail', deliverAt: '', recipient } });
  const { error } = await api.GET('/letters');
  // @ts-expect-error -- the operation does not answer this code
  if (error?.code === 'quota_exceeded') {
    await main();
  }
}

console.log(JSON.stringify(await main()));
