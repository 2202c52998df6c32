import * as z from 'zod/mini';
import { ErasedAccountError } from '../lambdas/commands/change-account.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import { type AccountView, viewAccount } from '../lambdas/domain/account-view.ts';
import { type Instant, toIso } from '../lambdas/domain/instants.ts';
import { BILLING_INTERVALS, freePlan, plansOnSale } from '../lambdas/domain/catalogue.ts';
import { CATALOGUE } from '../lambdas/wiring/catalogue.ts';
import { accountErased, ProblemError } from '../lambdas/http/problems.ts';
import { USAGE_WRITE_SCOPE } from '../lambdas/http/roles.ts';
import { ClockInput, UserId } from '../lambdas/http/schemas.ts';
import type { Clock } from './clock.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import type { Issuer } from './issuer.ts';
import { givePlan, localSubscription } from './local-subscription.ts';
import type { StripeAddress } from './payments.ts';
import { validated } from '../lambdas/http/validation.ts';
import { type LocalRoute, refuseInput } from './local-routes.ts';

export interface DevServices {
  clock: Clock;
  issuer: Issuer;
  store: Store;
  cronSecret: string;
  stripe: StripeAddress;
}

/** What sets the scene on this machine, in place of an identity provider, a billing service and time. */
export function devRoutes({ clock, issuer, store, cronSecret, stripe }: DevServices): LocalRoute[] {
  return [
    { method: 'GET', path: '/', answer: () => new URL('/app/', issuer.url) },
    { method: 'GET', path: '/docs/', answer: () => new URL('/docs', issuer.url) },
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
      method: 'GET',
      path: '/dev/env',
      answer: ({ query }) => variables(issuer, cronSecret, stripe, validated(envQuery, query).user),
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

/** As in RFC 6749, separated by single spaces. */
const scopes = z
  .string()
  .check(
    z.maxLength(1_000),
    z.regex(/^([!#-[\]-~]+( [!#-[\]-~]+)*)?$/, 'Expected scopes with single blanks between them.'),
  );

const tokenQuery = z.strictObject({ sub: UserId, scope: z.optional(scopes) });

const envQuery = z.strictObject({ user: z._default(UserId, 'alice') });

const accountPath = z.strictObject({ userId: UserId });

const subscriptionBody = z.discriminatedUnion('plan', [
  z.strictObject({
    plan: z.enum(plansOnSale(CATALOGUE)),
    interval: z.enum(BILLING_INTERVALS),
    anchor: ClockInput,
  }),
  z.strictObject({ plan: z.literal(freePlan(CATALOGUE).id) }),
]);

const clockBody = z.strictObject({ now: ClockInput });

/** What a shell needs to call the API and the stand-in for Stripe. It never holds the owner's own keys. */
async function variables(
  issuer: Issuer,
  cronSecret: string,
  stripe: StripeAddress,
  user: string,
): Promise<string> {
  const token = async (sub: string, scope: string): Promise<string> =>
    (await issuer.issue(sub, scope)).access_token;
  const values = {
    URL: issuer.url,
    TOKEN: await token(user, ''),
    SERVICE_TOKEN: await token('shop', USAGE_WRITE_SCOPE),
    ADMIN_TOKEN: await token('ada', 'admin'),
    CRON_SECRET: cronSecret,
    ...(stripe.url === null ? {} : { STRIPE_URL: stripe.url, STRIPE_KEY: stripe.secretKey }),
  };
  return Object.entries(values)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join('');
}

async function beginSubscription(
  store: Store,
  userId: string,
  body: z.infer<typeof subscriptionBody>,
  now: Instant,
): Promise<AccountView> {
  if ('anchor' in body && body.anchor > now) {
    refuseInput('anchor', `Expected a time that is not after now, which is ${toIso(now)}.`);
  }
  const facts = 'anchor' in body ? localSubscription(userId, body) : null;
  try {
    const account = await givePlan(store, userId, facts, now, deadlineIn(DEADLINE_MS));
    return viewAccount(account, now, store.catalogue);
  } catch (error) {
    throw error instanceof ErasedAccountError ? new ProblemError(accountErased()) : error;
  }
}

function moveClock(clock: Clock, now: Instant): object {
  if (!clock.moveTo(now)) {
    refuseInput(
      'now',
      `Expected a time that is not before now, which is ${toIso(clock.now())}. The clock only moves ahead.`,
    );
  }
  return { now: toIso(clock.now()) };
}
