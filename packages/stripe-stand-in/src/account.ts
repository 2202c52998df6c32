import { type Stripe } from 'stripe';
import { z } from 'zod';
import { ApiError } from './api-error.ts';
import { idOf } from './random.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';

/** An account has the same id in each run with its seed, and in both modes. */
export function accountIdOf({ seed }: Sandbox): string {
  return `acct_${idOf(seed, 0).slice(0, 16)}`;
}

// Source: https://docs.stripe.com/api/accounts/object
function accountOf(sandbox: Sandbox): Stripe.Account {
  return {
    id: accountIdOf(sandbox),
    object: 'account',
    business_type: 'company',
    charges_enabled: true,
    country: 'US',
    default_currency: 'usd',
    details_submitted: true,
    email: 'owner@example.com',
    metadata: {},
    payouts_enabled: true,
    type: 'standard',
  };
}

export const accountRoutes: Route[] = [
  route({
    method: 'GET',
    path: '/v1/account',
    params: z.strictObject({}),
    answer: (sandbox) => accountOf(sandbox),
  }),
  route({
    method: 'GET',
    path: '/v1/accounts/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => {
      if (id !== accountIdOf(sandbox)) {
        throw new ApiError(403, {
          type: 'invalid_request_error',
          code: 'account_invalid',
          message: `The provided key does not have access to account '${id}' (or that account does not exist). Application access may have been revoked.`,
        });
      }
      return accountOf(sandbox);
    },
  }),
];
