import * as z from 'zod/mini';
import { ErasedAccountError, writeSubscription } from '../lambdas/adapters/dynamodb/accounts.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import { type Entitlements, getEntitlements } from '../lambdas/letters/domain/entitlements.ts';
import { type Instant, toIso } from '../lambdas/domain/instants.ts';
import { BILLING_INTERVALS, SOLD_PLANS } from '../lambdas/domain/plans.ts';
import { accountErased, ProblemError } from '../lambdas/http/problems.ts';
import { ClockInput, UserId } from '../lambdas/http/schemas.ts';
import type { Clock } from './clock.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import type { Issuer } from './issuer.ts';
import { localSubscription } from './local-subscription.ts';
import { validated } from '../lambdas/http/validation.ts';
import { type LocalRoute, refuseInput } from './local-routes.ts';

export interface DevServices {
  clock: Clock;
  issuer: Issuer;
  store: Store;
}

/** What sets the scene on a laptop, in place of an identity provider, a billing service and time itself. */
export function devRoutes({ clock, issuer, store }: DevServices): LocalRoute[] {
  return [
    { method: 'GET', path: '/.well-known/openid-configuration', answer: () => issuer.configuration },
    { method: 'GET', path: '/.well-known/jwks.json', answer: () => issuer.keySet },
    {
      method: 'GET',
      path: '/dev/token',
      answer: ({ query }) => {
        const { sub, scope = '' } = validated(tokenQuery, query);
        return issuer.issue(sub, scope);
      },
    },
    {
      method: 'PUT',
      path: '/dev/accounts/{userId}',
      answer: ({ parameters, json }) => {
        const { userId } = validated(accountPath, parameters);
        return beginSubscription(store, userId, validated(subscriptionBody, json), clock.now());
      },
    },
    { method: 'GET', path: '/dev/clock', answer: () => ({ now: toIso(clock.now()) }) },
    {
      method: 'POST',
      path: '/dev/clock',
      answer: ({ json }) => moveClock(clock, validated(clockBody, json).now),
    },
  ];
}

const DEADLINE_MS = 20_000;

/** Scopes as RFC 6749 has them, separated by single spaces. */
const scopes = z
  .string()
  .check(
    z.maxLength(1_000),
    z.regex(/^([!#-[\]-~]+( [!#-[\]-~]+)*)?$/, 'must be scopes separated by spaces'),
  );

const tokenQuery = z.strictObject({ sub: UserId, scope: z.optional(scopes) });

const accountPath = z.strictObject({ userId: UserId });

const subscriptionBody = z.discriminatedUnion('plan', [
  z.strictObject({
    plan: z.enum(SOLD_PLANS),
    interval: z.enum(BILLING_INTERVALS),
    anchor: ClockInput,
  }),
  z.strictObject({ plan: z.literal('none') }),
]);

const clockBody = z.strictObject({ now: ClockInput });

async function beginSubscription(
  store: Store,
  userId: string,
  body: z.infer<typeof subscriptionBody>,
  now: Instant,
): Promise<Entitlements> {
  if (body.plan !== 'none' && body.anchor > now) {
    refuseInput('anchor', `must not be after now, which is ${toIso(now)}`);
  }
  const facts = body.plan === 'none' ? null : localSubscription(userId, body);
  try {
    const account = await writeSubscription(store, userId, facts, now, deadlineIn(DEADLINE_MS));
    return getEntitlements(account, now);
  } catch (error) {
    throw error instanceof ErasedAccountError ? new ProblemError(accountErased()) : error;
  }
}

function moveClock(clock: Clock, now: Instant): object {
  if (!clock.moveTo(now)) {
    refuseInput('now', `must not be before now, which is ${toIso(clock.now())}: the clock only moves ahead`);
  }
  return { now: toIso(clock.now()) };
}
