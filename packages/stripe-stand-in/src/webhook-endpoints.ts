import { Stripe } from 'stripe';
import { z } from 'zod';
import { invalidRequest } from './api-error.ts';
import { API_VERSIONS } from './api-versions.ts';
import { EVENT_NAMES } from './event-names.ts';
import { pageOf } from './lists.ts';
import { clearable, flag, metadata, paging, paramsOf, text } from './params.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import { type EndpointRecord } from './state.ts';
import { mergeMetadata, present } from './values.ts';
import { type Target } from './webhooks.ts';

// Source: https://docs.stripe.com/webhooks
const MAX_ENDPOINTS = 16;

const enabledEvents = z.array(z.enum(EVENT_NAMES)).min(1);
const address = z.url({ protocol: /^https?$/, error: 'Not a valid URL' });

interface NewEndpoint {
  url: string;
  enabledEvents: string[];
  apiVersion: string | null;
  description: string | null;
  metadata: Stripe.Metadata;
}

// Source: https://docs.stripe.com/api/webhook_endpoints/create
function open(
  sandbox: Sandbox,
  asked: NewEndpoint,
  payload: EndpointRecord['payload'],
): Stripe.WebhookEndpoint {
  if (sandbox.state.webhook_endpoint.size >= MAX_ENDPOINTS) {
    throw invalidRequest(`You have reached the maximum of ${MAX_ENDPOINTS} test webhook endpoints.`);
  }
  const endpoint: Stripe.WebhookEndpoint = {
    id: sandbox.newId('we'),
    object: 'webhook_endpoint',
    api_version: asked.apiVersion,
    application: null,
    created: sandbox.now(),
    description: asked.description,
    enabled_events: asked.enabledEvents,
    livemode: false,
    metadata: asked.metadata,
    status: 'enabled',
    url: asked.url,
  };
  sandbox.state.webhook_endpoint.set(endpoint.id, endpoint);
  const secret = sandbox.newId('whsec');
  sandbox.state.endpoint_record.set(endpoint.id, { id: endpoint.id, secret, payload });
  return { ...endpoint, secret };
}

// Source: https://docs.stripe.com/event-destinations
/** A destination whose payloads name what has happened, and no object. One makes it in Workbench. */
export function openThinDestination(
  sandbox: Sandbox,
  { url, events }: { url: string; events: readonly string[] },
): Stripe.WebhookEndpoint {
  const asked = { url, enabledEvents: [...events], apiVersion: null, description: null, metadata: {} };
  return open(sandbox, asked, 'thin');
}

// Source: https://docs.stripe.com/webhooks
/** The endpoint's former secret holds no longer. */
export function rollSecret(sandbox: Sandbox, id: string): Stripe.WebhookEndpoint {
  const endpoint = sandbox.get('webhook_endpoint', id);
  const record = sandbox.get('endpoint_record', id);
  record.secret = sandbox.newId('whsec');
  return { ...endpoint, secret: record.secret };
}

/** The endpoints of the account that are enabled. */
export function targetsOf(sandbox: Sandbox): Target[] {
  return sandbox
    .all('webhook_endpoint')
    .filter(({ status }) => status === 'enabled')
    .reverse()
    .map(({ id, url, enabled_events: events, api_version: version }) => {
      const { secret, payload } = sandbox.get('endpoint_record', id);
      return {
        id,
        url,
        secret,
        asksFor: (type) => events.includes('*') || events.includes(type),
        bodyOf: (event) =>
          JSON.stringify(payload === 'thin' ? thin(event) : snapshot(event, version), null, 2),
      };
    });
}

// Source: https://docs.stripe.com/webhooks/versioning
/** The event says the endpoint's version. Its object is that of the one version that the stand-in speaks. */
function snapshot(event: Stripe.Event, version: string | null): object {
  return { ...event, api_version: version ?? event.api_version };
}

// Source: https://docs.stripe.com/event-destinations#thin-events
function thin(event: Stripe.Event): object {
  const { id, object }: { id?: string; object?: string } = event.data.object;
  return {
    id: event.id,
    object: 'v2.core.event',
    created: new Date(event.created * 1_000).toISOString(),
    livemode: event.livemode,
    type: `v1.${event.type}`,
    related_object: { id, type: object, url: `/v1/${object.replaceAll('.', '/')}s/${id ?? ''}` },
  };
}

export const webhookEndpointRoutes: Route[] = [
  route({
    method: 'POST',
    path: '/v1/webhook_endpoints',
    params: paramsOf<Stripe.WebhookEndpointCreateParams>()({
      url: address,
      enabled_events: enabledEvents,
      api_version: z.optional(z.enum(API_VERSIONS)),
      description: z.optional(clearable(text)),
      metadata: z.optional(metadata),
    }),
    answer: (sandbox, asked) =>
      open(
        sandbox,
        {
          url: asked.url,
          enabledEvents: asked.enabled_events,
          apiVersion: asked.api_version ?? null,
          description: asked.description ?? null,
          metadata: mergeMetadata({}, asked.metadata),
        },
        'snapshot',
      ),
  }),
  route({
    method: 'GET',
    path: '/v1/webhook_endpoints',
    params: paramsOf<Stripe.WebhookEndpointListParams>()(paging),
    answer: (sandbox, page) => {
      const endpoints = sandbox
        .all('webhook_endpoint')
        .filter(({ id }) => sandbox.get('endpoint_record', id).payload === 'snapshot');
      return pageOf(endpoints, '/v1/webhook_endpoints', page);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/webhook_endpoints/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('webhook_endpoint', id),
  }),
  route({
    method: 'POST',
    path: '/v1/webhook_endpoints/{id}',
    params: paramsOf<Stripe.WebhookEndpointUpdateParams>()({
      url: z.optional(address),
      enabled_events: z.optional(enabledEvents),
      disabled: z.optional(flag),
      description: z.optional(clearable(text)),
      metadata: z.optional(metadata),
    }),
    answer: (sandbox, { disabled, metadata: values, ...asked }, { id }) => {
      const endpoint = sandbox.get('webhook_endpoint', id);
      sandbox.assign(endpoint, {
        ...present(asked),
        ...(disabled === undefined ? {} : { status: disabled ? 'disabled' : 'enabled' }),
        metadata: mergeMetadata(endpoint.metadata, values),
      });
      return endpoint;
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/webhook_endpoints/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => {
      sandbox.get('webhook_endpoint', id);
      sandbox.state.webhook_endpoint.delete(id);
      sandbox.state.endpoint_record.delete(id);
      return { id, object: 'webhook_endpoint', deleted: true } satisfies Stripe.DeletedWebhookEndpoint;
    },
  }),
];
