import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import * as z from 'zod/mini';
import type { RouteGroup } from '../lambdas/letters/http/routes.ts';
import { type Answer, answerJson } from './answers.ts';
import type { GatewayEvent } from './gateway-event.ts';
import { orTimeout } from './or-timeout.ts';

export type LambdaHandler = (event: GatewayEvent, context: Context) => unknown;

/** Loads the module of each group's function, once. */
export type FunctionLoaders = Record<RouteGroup, () => Promise<{ handler: LambdaHandler }>>;

/** The API's Lambda functions, to run in this process. */
export const API_FUNCTIONS: FunctionLoaders = {
  letters: () => import('../lambdas/letters/api/letters.ts'),
  deliveries: () => import('../lambdas/letters/api/deliveries.ts'),
  usage: () => import('../lambdas/letters/api/usage.ts'),
  account: () => import('../lambdas/api/account.ts'),
  credits: () => import('../lambdas/api/credits.ts'),
  purchases: () => import('../lambdas/api/purchases.ts'),
  gifts: () => import('../lambdas/api/gifts.ts'),
  billing: () => import('../lambdas/api/billing.ts'),
  consumption: () => import('../lambdas/api/consumption.ts'),
  admin: () => import('../lambdas/letters/api/admin.ts'),
  'failed-events': () => import('../lambdas/api/failed-events.ts'),
  webhooks: () => import('../lambdas/api/webhooks.ts'),
  'mail-webhook': () => import('../lambdas/letters/api/mail-webhook.ts'),
  reconciliation: () => import('../lambdas/letters/api/reconciliation.ts'),
  cron: () => import('../lambdas/api/cron.ts'),
  docs: () => import('../lambdas/letters/api/docs.ts'),
};

/** How long a function may run, as the stack sets it. */
const FUNCTION_TIMEOUT_MS = 25_000;

/** A function threw, ran too long, or returned something that is no answer. */
export class FunctionFailedError extends Error {
  override name = 'FunctionFailedError';
}

/** @throws FunctionFailedError */
export async function invokeFunction(
  name: string,
  handler: LambdaHandler,
  event: GatewayEvent,
  timeoutMs = FUNCTION_TIMEOUT_MS,
): Promise<Answer> {
  const result = await orTimeout(call(name, handler, event, timeoutMs), timeoutMs, () => {
    throw new FunctionFailedError(`${name} ran for more than ${timeoutMs} ms.`);
  });
  return toAnswer(name, result);
}

async function call(
  name: string,
  handler: LambdaHandler,
  event: GatewayEvent,
  timeoutMs: number,
): Promise<unknown> {
  try {
    return await handler(event, createContext(name, timeoutMs));
  } catch (error) {
    throw new FunctionFailedError(`${name} threw.`, { cause: error });
  }
}

function createContext(name: string, timeoutMs: number): Context {
  const endsAt = performance.now() + timeoutMs;
  const deprecated = (): void => {
    throw new Error('Postage answers with a promise.');
  };
  return {
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    memoryLimitInMB: '1024',
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(endsAt - performance.now())),
    /* eslint-disable @typescript-eslint/no-deprecated -- Lambda's context still has them. */
    done: deprecated,
    fail: deprecated,
    succeed: deprecated,
    /* eslint-enable @typescript-eslint/no-deprecated */
  };
}

const lambdaAnswer = z.object({
  statusCode: z.int().check(z.gte(100), z.lte(599)),
  headers: z._default(z.record(z.string(), z.unknown()), {}),
  cookies: z._default(z.array(z.string()), []),
  body: z._default(z.string(), ''),
  isBase64Encoded: z.optional(z.unknown()),
});

/** The gateway takes an object with a `statusCode` as an answer, and anything else as the JSON body of a 200. */
function toAnswer(name: string, result: unknown): Answer {
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) {
    return answerJson(200, result ?? null);
  }
  const { data } = lambdaAnswer.safeParse(result);
  if (data === undefined) {
    throw new FunctionFailedError(`${name} answered with something that API Gateway refuses.`);
  }
  const { statusCode, headers, cookies, body, isBase64Encoded } = data;
  const named = Object.entries(headers).map(
    ([header, value]) => [header.toLowerCase(), String(value)] as const,
  );
  return {
    status: statusCode,
    headers: { 'content-type': 'text/plain;charset=utf-8', ...Object.fromEntries(named) },
    cookies,
    body: isBase64Encoded === true ? Buffer.from(body, 'base64') : body,
  };
}
