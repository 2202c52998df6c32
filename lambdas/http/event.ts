import type {
  APIGatewayEventRequestContextV2,
  APIGatewayProxyEventV2WithRequestContext,
  APIGatewayProxyStructuredResultV2,
} from 'aws-lambda';
import { type Claims } from './roles.ts';

/** What the HTTP API hands to a function (payload format 2.0); routes without a token have no authorizer. */
export type HttpEvent = APIGatewayProxyEventV2WithRequestContext<
  APIGatewayEventRequestContextV2 & { authorizer?: { jwt?: { claims: Claims } } }
>;

export type HttpResult = APIGatewayProxyStructuredResultV2;

/** The claims of the token that the gateway has verified; null for a request without one. */
export function claimsOf(event: HttpEvent): Claims | null {
  return event.requestContext.authorizer?.jwt?.claims ?? null;
}
