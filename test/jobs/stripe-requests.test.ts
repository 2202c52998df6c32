import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { readStripe } from '../../lambdas/adapters/stripe/connection.ts';
import { createCustomer } from '../../lambdas/adapters/stripe/customers.ts';
import { listAll } from '../../lambdas/adapters/stripe/lists.ts';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { type StripeGate, usePayments } from '../support/payments.ts';
import { plentyOfTime } from '../support/table.ts';

const suite = usePayments('2026-01-31T09:00:00Z');

describe('what Stripe answers', () => {
  async function ask(answer: StripeGate): Promise<unknown> {
    const { stripe } = suite.services(answer);
    return readStripe(stripe, deadlineIn(400), (sdk, options) =>
      sdk.customers.retrieve('cus_1', {}, options),
    );
  }

  it.each<[number, object, string]>([
    [409, { type: 'idempotency_error', code: 'idempotency_key_in_use' }, 'StripeUnavailableError'],
    [429, { type: 'invalid_request_error', code: 'lock_timeout' }, 'StripeUnavailableError'],
    [500, { type: 'api_error' }, 'StripeUnavailableError'],
    [400, { type: 'idempotency_error' }, 'StripeIdempotencyError'],
    [401, { type: 'invalid_request_error' }, 'NotConfiguredError'],
    [403, { type: 'invalid_request_error' }, 'NotConfiguredError'],
    [402, { type: 'card_error', code: 'card_declined' }, 'StripeDeclinedError'],
    [404, { type: 'invalid_request_error', code: 'resource_missing' }, 'StripeMissingError'],
    [400, { type: 'invalid_request_error', code: 'parameter_unknown' }, 'StripeRejectedError'],
  ])('with %i and %j is a %s', async (status, error, name) => {
    const answer = (): Response => Response.json({ error: { message: 'No.', ...error } }, { status });
    await expect(ask(answer)).rejects.toMatchObject({ name });
  });

  it.each<[number, object]>([
    [500, { object: 'customer', id: 'cus_1' }],
    [500, { message: 'A proxy fails.' }],
    [200, { message: 'A proxy greets.' }],
    [200, {}],
  ])('with %i and %j does not come from it', async (status, body) => {
    const answer = (): Response => Response.json(body, { status });
    await expect(ask(answer)).rejects.toMatchObject({ name: 'StripeUnavailableError' });
  });
});

describe('a list', () => {
  const page = (ids: readonly string[], hasMore: boolean): Response =>
    Response.json({
      object: 'list',
      data: ids.map((id) => ({ object: 'customer', id })),
      has_more: hasMore,
      url: '/v1/customers',
    });

  /** The ids in a list of such pages, and what each page was asked to start after. */
  async function listed(answer: (pages: number) => Response): Promise<{ ids: string[]; after: string[] }> {
    const after: string[] = [];
    const { stripe } = suite.services(() => answer(after.length));
    const { items } = await listAll<Stripe.Customer>(stripe, plentyOfTime(), (sdk, paging, options) => {
      after.push(paging.starting_after ?? 'the beginning');
      return sdk.customers.list(paging, options);
    });
    return { ids: items.map(({ id }) => id), after };
  }

  it('is read to its end', async () => {
    const pages = [page(['cus_1', 'cus_2'], true), page(['cus_3'], false)];
    expect(await listed(() => pages.shift() ?? page([], false))).toEqual({
      ids: ['cus_1', 'cus_2', 'cus_3'],
      after: ['the beginning', 'cus_2'],
    });
  });

  it('without an end is an error, and not taken for all', async () => {
    const answer = listed((pages) => page([`cus_${String(pages)}`], true));
    await expect(answer).rejects.toMatchObject({ name: 'StripeRejectedError' });
  });
});

describe('the customer of a user', () => {
  it('is made without an e-mail address that Stripe refuses', async () => {
    let requests = 0;
    const { stripe } = suite.services(() => {
      requests += 1;
      const error = {
        type: 'invalid_request_error',
        code: 'email_invalid',
        param: 'email',
        message: 'Invalid',
      };
      return requests === 1 ? Response.json({ error }, { status: 400 }) : null;
    });
    const customer = { userId: 'user-2', email: 'ada@invalid.x', replaces: null };
    const id = await createCustomer(stripe, customer, plentyOfTime());
    expect(await suite.stripe().customers.retrieve(id)).toMatchObject({ email: null });
  });

  it('is made once, however often they are asked for', async () => {
    const { stripe } = suite.services();
    const make = (replaces: string | null = null, email: string | null = null): Promise<string> =>
      createCustomer(stripe, { userId: 'user-1', email, replaces }, plentyOfTime());
    const first = await make();
    expect(await make()).toBe(first);
    const second = await make(first);
    expect(second).not.toBe(first);
    expect(await make(first)).toBe(second);
    const withAddress = await make(null, 'ada@example.com');
    expect(await make(null, 'ada@example.com')).toBe(withAddress);
    expect(await suite.stripe().customers.retrieve(withAddress)).toMatchObject({ email: 'ada@example.com' });
    await make(null, 'ada@example.org');
  });
});
