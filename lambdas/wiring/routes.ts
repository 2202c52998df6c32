/** Every route of the HTTP API. The CDK app and the local gateway read this list. */
import { CORE_ROUTES } from '../http/routes.ts';
import { LETTERS_ROUTES } from '../letters/http/routes.ts';

export const ROUTES = [...LETTERS_ROUTES, ...CORE_ROUTES];

export type RouteGroup = (typeof ROUTES)[number]['group'];
