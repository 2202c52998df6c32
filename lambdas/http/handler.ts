/** The one middy stack: every HTTP function is `httpHandler` of its operations. */
import middy, { type MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { type SecondFactorReader, type SecretReader } from './access.ts';
import { routeKey } from './contract.ts';
import { claimsOf, type HttpEvent, type HttpResult } from './event.ts';
import { logger } from './logger.ts';
import { type Operation } from './operation.ts';
import { internal, notFound, OutOfTimeError, problemOfError } from './problems.ts';
import { type Reply, toReply } from './reply.ts';
import { shownError } from '../runtime/logger.ts';

export type HttpHandler = (event: HttpEvent, context: Context) => Promise<HttpResult>;

/** Time that is left to answer `busy`, before Lambda cuts the function off. */
const STOP_EARLY_MS = 200;

/**
 * The Lambda handler of some operations. The gateway has matched the path already and names the route in `routeKey`,
 * so that finding the operation is a lookup, and no second router can disagree with the first.
 *
 * @param cronSecret what the operations of access `cron` compare with; without it they refuse everybody
 * @param hasSecondFactor asked about admins; null where the issuer sees to that
 */
export function httpHandler(
  operations: readonly Operation[],
  cronSecret: SecretReader | null = null,
  hasSecondFactor: SecondFactorReader | null = null,
): HttpHandler {
  const byRoute = new Map(operations.map((operation) => [routeKey(operation.contract.route), operation]));
  const dispatch = async (event: HttpEvent, context: Context): Promise<Reply> => {
    const operation = byRoute.get(event.routeKey);
    return toReply(
      operation === undefined
        ? notFound('route')
        : await operation.serve(event, context, cronSecret, hasSecondFactor),
    );
  };
  const stack = middy<HttpEvent, Reply>(dispatch, {
    timeoutEarlyInMillis: STOP_EARLY_MS,
    timeoutEarlyResponse: () => {
      throw new OutOfTimeError();
    },
  })
    .use(accessLog())
    .use(problemsOfErrors());
  return async (event, context) => (await stack(event, context)).result;
}

/**
 * Turns what was thrown into a problem. Only the log describes an error of ours; the answer carries the request's id.
 * For `busy`, the log says what the request has waited for: the table, Stripe or a queue.
 */
function problemsOfErrors(): MiddlewareObj<HttpEvent, Reply> {
  return {
    onError: (request) => {
      const { requestId } = request.event.requestContext;
      const problem = problemOfError(request.error);
      const failure = { requestId, route: request.event.routeKey, error: shownError(request.error) };
      if (problem === null || problem.code === 'not_configured') {
        logger.error(problem?.detail ?? 'Unexpected error', failure);
      } else if (problem.code === 'busy') {
        logger.warn('A request was answered with busy.', failure);
      }
      request.response = toReply(problem ?? internal(requestId));
    },
  };
}

/** One line per request. Never a body, a title or a recipient. */
function accessLog(): MiddlewareObj<HttpEvent, Reply, Error, Context, { startedAt?: number }> {
  const write: MiddlewareObj<HttpEvent, Reply, Error, Context, { startedAt?: number }>['after'] = (
    request,
  ) => {
    const { event, response, internal: kept } = request;
    logger.info('Request', {
      requestId: event.requestContext.requestId,
      route: event.routeKey,
      status: response?.result.statusCode,
      code: response?.code,
      userId: claimsOf(event)?.['sub'],
      durationMs: Math.round(performance.now() - (kept.startedAt ?? performance.now())),
    });
  };
  return {
    before: (request) => {
      request.internal.startedAt = performance.now();
    },
    after: write,
    onError: write,
  };
}
