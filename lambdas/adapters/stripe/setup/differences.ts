import { type Stripe } from 'stripe';
import { isLiveMode } from '../connection.ts';
import { STAGE_METADATA } from '../portal-configuration.ts';
import { type FoundAtStripe } from './found.ts';
import { priceDifferences } from './price-differences.ts';
import { byOwner, bySetup, type Difference } from './step.ts';
import { fingerprintOf, type KeptOfStripe, type WantedAtStripe } from './wanted.ts';

/**
 * Everything at Stripe that is not as a stage needs it, in the order in which `setup` mends it. None: nothing is to be
 * done. `check` tells it, and `setup` carries its steps out, so that both mean the same.
 */
export function differencesAtStripe(
  wanted: WantedAtStripe,
  found: FoundAtStripe,
  kept: KeptOfStripe,
): Difference[] {
  const account = accountDifferences(wanted, found, kept);
  // In another account everything is missing, and nothing of it should be made there.
  return account.some(({ step }) => step === null)
    ? account
    : [
        ...account,
        ...priceDifferences(wanted, found),
        ...endpointDifferences(wanted, found, kept),
        ...portalDifferences(wanted, found),
      ];
}

function accountDifferences(
  { stage }: WantedAtStripe,
  { accountId }: FoundAtStripe,
  kept: KeptOfStripe,
): Difference[] {
  const isLive = isLiveMode(kept);
  if (isLive && stage === 'dev') {
    return [
      byOwner(
        'The keys of the stage dev are of live mode, so that tries there move real money.',
        'Put the keys of a sandbox into the secret.',
      ),
    ];
  }
  if (accountId === null || kept.account === undefined) {
    return [];
  }
  const account = `${accountId} ${isLive ? 'live' : 'test'}`;
  if (kept.account === null) {
    return [
      bySetup('It is not kept which account the keys are of.', `It keeps that they are of ${account}.`, {
        does: 'keep account',
        account,
      }),
    ];
  }
  return kept.account === account
    ? []
    : [
        byOwner(
          `The keys are of ${account}, and those before were of ${kept.account}.`,
          'Put the former keys back. If you mean to change the account, remove "account" from the secret, then run setup.',
        ),
      ];
}

/** The entry of an endpoint's metadata that tells its signing secret apart from others. */
export const FINGERPRINT_METADATA = 'postage_secret';

function endpointDifferences(
  { stage, endpoint: wanted }: WantedAtStripe,
  { endpoints }: FoundAtStripe,
  { webhookSecret, isRolled = false }: KeptOfStripe,
): Difference[] {
  if (wanted === null) {
    return [];
  }
  const { url, events, apiVersion } = wanted;
  const found =
    endpoints.find(({ metadata }) => metadata[STAGE_METADATA] === stage) ??
    endpoints.find((each) => each.url === url);
  const params: Stripe.WebhookEndpointCreateParams = {
    url,
    enabled_events: eventNames(events),
    api_version: apiVersion,
    description: `Postage (${stage})`,
    metadata: { [STAGE_METADATA]: stage },
  };
  if (found === undefined) {
    return [
      bySetup(`No webhook endpoint sends events to ${url}.`, 'It makes one, and keeps its signing secret.', {
        does: 'create endpoint',
        params,
        replaces: null,
      }),
    ];
  }
  const others = endpoints
    .filter((each) => each.url === url && each.id !== found.id)
    .map(({ id }) =>
      byOwner(
        `The endpoint ${id} sends events to ${url} too, with another signing secret.`,
        `Delete the endpoint ${id} at Stripe.`,
      ),
    );
  const unlike = unlikeEndpoint(found, apiVersion, isRolled ? undefined : webhookSecret);
  const rolled =
    isRolled && typeof webhookSecret === 'string' && !isKept(found, webhookSecret)
      ? [
          bySetup(
            `The signing secret of the endpoint ${found.id} was rolled.`,
            'It notes the one that is kept.',
            {
              does: 'update endpoint',
              id: found.id,
              params: { metadata: { [FINGERPRINT_METADATA]: fingerprintOf(webhookSecret) } },
            },
          ),
        ]
      : [];
  const replaced =
    unlike === null
      ? [...rolled, ...loosely(found, wanted, stage)]
      : [
          bySetup(unlike, `It puts another one in the place of ${found.id}, and keeps its signing secret.`, {
            does: 'create endpoint',
            params,
            replaces: found.id,
          }),
        ];
  return [...replaced, ...others];
}

/** What nobody can change about an endpoint; null: all of that is right. */
function unlikeEndpoint(
  endpoint: Stripe.WebhookEndpoint,
  apiVersion: string,
  webhookSecret: KeptOfStripe['webhookSecret'],
): string | null {
  const { id, api_version: version } = endpoint;
  if (version !== apiVersion) {
    return `The endpoint ${id} sends events of the version ${version ?? 'of the account'} instead of ${apiVersion}.`;
  }
  const isOwn = webhookSecret === undefined || (webhookSecret !== null && isKept(endpoint, webhookSecret));
  return isOwn
    ? null
    : `The signing secret that is kept is not the one that setup kept for the endpoint ${id}.`;
}

function isKept({ metadata }: Stripe.WebhookEndpoint, webhookSecret: string): boolean {
  return metadata[FINGERPRINT_METADATA] === fingerprintOf(webhookSecret);
}

/** What can be changed about an endpoint. */
function loosely(
  found: Stripe.WebhookEndpoint,
  { url, events }: NonNullable<WantedAtStripe['endpoint']>,
  stage: string,
): Difference[] {
  const update = (says: string, how: string, params: Stripe.WebhookEndpointUpdateParams): Difference =>
    bySetup(`The endpoint ${found.id} ${says}.`, how, { does: 'update endpoint', id: found.id, params });
  const missing = events.filter((each) => !found.enabled_events.includes(each));
  const surplus = found.enabled_events.filter((each) => !events.includes(each));
  return [
    ...(found.url === url
      ? []
      : [update(`sends events to ${found.url} instead of ${url}`, 'It changes the address.', { url })]),
    ...(found.metadata[STAGE_METADATA] === stage
      ? []
      : [
          update('does not name its stage', 'It writes it into its metadata.', {
            metadata: { [STAGE_METADATA]: stage },
          }),
        ]),
    ...(found.status === 'enabled'
      ? []
      : [update(`is ${found.status}`, 'It enables it.', { disabled: false })]),
    ...(missing.length + surplus.length === 0
      ? []
      : [
          update(
            [
              ...(missing.length === 0 ? [] : [`lacks the events ${missing.join(', ')}`]),
              ...(surplus.length === 0 ? [] : [`sends ${surplus.join(', ')}, which nothing follows`]),
            ].join(' and '),
            'It sets the list.',
            { enabled_events: eventNames(events) },
          ),
        ]),
  ];
}

/** Handlers know the names of events by the text alone, and Stripe refuses one that it does not know. */
function eventNames(events: readonly string[]): Stripe.WebhookEndpointCreateParams.EnabledEvent[] {
  return [...events] as Stripe.WebhookEndpointCreateParams.EnabledEvent[];
}

function portalDifferences({ stage, portal }: WantedAtStripe, { portals }: FoundAtStripe): Difference[] {
  const own = portals.filter(({ metadata }) => metadata?.[STAGE_METADATA] === stage);
  const found = own.find(({ active }) => active) ?? own[0];
  if (found === undefined) {
    return [
      bySetup(`The Portal has no configuration for the stage ${stage}.`, 'It makes one.', {
        does: 'create portal',
        params: { ...portal, metadata: { [STAGE_METADATA]: stage } },
      }),
    ];
  }
  const update = (
    says: string,
    how: string,
    params: Stripe.BillingPortal.ConfigurationUpdateParams,
  ): Difference =>
    bySetup(`The Portal's configuration ${found.id} ${says}.`, how, {
      does: 'update portal',
      id: found.id,
      params,
    });
  const { business_profile: profile, features } = found;
  return [
    ...(found.active ? [] : [update('is not active', 'It activates it.', { active: true })]),
    ...(holds(portal, { business_profile: profile, features })
      ? []
      : [update('has other features or addresses', 'It sets them.', portal)]),
  ];
}

/** Whether all that is wanted is there. There may be more. Lists hold the same entries, in any order. */
function holds(wanted: unknown, found: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) && found.length === wanted.length && wanted.every((each) => found.includes(each))
    );
  }
  return typeof wanted === 'object' && wanted !== null
    ? Object.entries(wanted).every(
        ([name, value]) =>
          typeof found === 'object' && found !== null && holds(value, Reflect.get(found, name)),
      )
    : wanted === found;
}
