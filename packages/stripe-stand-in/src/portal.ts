import { type Stripe } from 'stripe';
import { z } from 'zod';
import { invalidRequest } from './api-error.ts';
import { pageOf } from './lists.ts';
import { clearable, flag, integer, metadata, paging, paramsOf, text } from './params.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';
import { cadenceOf } from './subscription-object.ts';
import { mergeMetadata, present } from './values.ts';

type Features = Stripe.BillingPortal.Configuration.Features;

const reason = z.enum([
  'customer_service',
  'low_quality',
  'missing_features',
  'other',
  'switched_service',
  'too_complex',
  'too_expensive',
  'unused',
]);
const proration = z.enum(['always_invoice', 'create_prorations', 'none']);

const features = z.strictObject({
  customer_update: z.optional(
    z.strictObject({
      enabled: flag,
      allowed_updates: z.optional(
        z.array(z.enum(['address', 'email', 'name', 'phone', 'shipping', 'tax_id'])),
      ),
    }),
  ),
  invoice_history: z.optional(z.strictObject({ enabled: flag })),
  payment_method_update: z.optional(z.strictObject({ enabled: flag })),
  subscription_cancel: z.optional(
    z.strictObject({
      enabled: flag,
      mode: z.optional(z.enum(['at_period_end', 'immediately'])),
      proration_behavior: z.optional(proration),
      cancellation_reason: z.optional(
        z.strictObject({ enabled: flag, options: z.optional(z.array(reason)) }),
      ),
    }),
  ),
  subscription_pause: z.optional(z.strictObject({ enabled: z.optional(flag) })),
  subscription_update: z.optional(
    z.strictObject({
      enabled: flag,
      billing_cycle_anchor: z.optional(z.enum(['now', 'unchanged'])),
      default_allowed_updates: z.optional(
        clearable(z.array(z.enum(['price', 'promotion_code', 'quantity']))),
      ),
      products: z.optional(
        clearable(
          z.array(
            z.strictObject({
              product: text,
              prices: z.array(text).min(1),
              adjustable_quantity: z.optional(
                z.strictObject({ enabled: flag, minimum: z.optional(integer), maximum: z.optional(integer) }),
              ),
            }),
          ),
        ),
      ),
      proration_behavior: z.optional(proration),
      schedule_at_period_end: z.optional(
        z.strictObject({
          conditions: z.optional(
            clearable(
              z.array(z.strictObject({ type: z.enum(['decreasing_item_amount', 'shortening_interval']) })),
            ),
          ),
        }),
      ),
      trial_update_behavior: z.optional(z.enum(['continue_trial', 'end_trial'])),
    }),
  ),
});

const configuration = {
  business_profile: z.optional(
    z.strictObject({
      headline: z.optional(clearable(text.max(60))),
      privacy_policy_url: z.optional(text),
      terms_of_service_url: z.optional(text),
    }),
  ),
  default_return_url: z.optional(clearable(text)),
  login_page: z.optional(z.strictObject({ enabled: flag })),
  metadata: z.optional(metadata),
  name: z.optional(clearable(text)),
};

const NO_FEATURES: Features = {
  customer_update: { allowed_updates: [], enabled: false },
  invoice_history: { enabled: false },
  payment_method_update: { enabled: false, payment_method_configuration: null },
  subscription_cancel: {
    cancellation_reason: { enabled: false, feedback_options: null, options: [] },
    enabled: false,
    mode: 'at_period_end',
    proration_behavior: 'none',
  },
  subscription_pause: { duration: { interval_options: [], type: 'indefinite' }, enabled: false },
  subscription_update: {
    billing_cycle_anchor: 'unchanged',
    default_allowed_updates: [],
    enabled: false,
    products: null,
    proration_behavior: 'none',
    schedule_at_period_end: { conditions: [] },
    trial_update_behavior: 'end_trial',
  },
};

function featuresWith(sandbox: Sandbox, before: Features, asked: z.infer<typeof features>): Features {
  const { customer_update: customer, subscription_cancel: cancel, subscription_update: update } = asked;
  const {
    products,
    schedule_at_period_end: schedule,
    default_allowed_updates: allowed,
    ...plainUpdates
  } = update ?? {};
  const after: Features = {
    customer_update: { ...before.customer_update, ...present(customer ?? {}) },
    invoice_history: { ...before.invoice_history, ...asked.invoice_history },
    payment_method_update: { ...before.payment_method_update, ...asked.payment_method_update },
    subscription_cancel: {
      ...before.subscription_cancel,
      ...present({
        enabled: cancel?.enabled,
        mode: cancel?.mode,
        proration_behavior: cancel?.proration_behavior,
      }),
      cancellation_reason: {
        ...before.subscription_cancel.cancellation_reason,
        ...present(cancel?.cancellation_reason ?? {}),
      },
    },
    subscription_pause: { ...before.subscription_pause, ...present(asked.subscription_pause ?? {}) },
    subscription_update: {
      ...before.subscription_update,
      ...present(plainUpdates),
      ...(allowed === undefined ? {} : { default_allowed_updates: allowed ?? [] }),
      ...(products === undefined
        ? {}
        : { products: products === null ? null : productsOf(sandbox, products) }),
      ...(schedule?.conditions === undefined
        ? {}
        : { schedule_at_period_end: { conditions: schedule.conditions ?? [] } }),
    },
  };
  requireProducts(after);
  return after;
}

const MOST_PRODUCTS = 10;

type AskedProducts = NonNullable<NonNullable<z.infer<typeof features>['subscription_update']>['products']>;

// Source: https://docs.stripe.com/api/customer_portal/configurations
/** @throws ApiError for more than ten products, prices of others, and two prices of a product with one interval */
function productsOf(sandbox: Sandbox, asked: AskedProducts): Features['subscription_update']['products'] {
  if (asked.length > MOST_PRODUCTS) {
    throw invalidRequest(`You may only specify up to ${MOST_PRODUCTS} products.`, {
      param: 'features[subscription_update][products]',
    });
  }
  return asked.map(({ product, prices, adjustable_quantity: quantity }, index) => {
    const param = `features[subscription_update][products][${index}]`;
    sandbox.get('product', product, `${param}[product]`);
    for (const id of prices) {
      const price = sandbox.get('price', id, `${param}[prices]`);
      if (refId(price.product) !== product || price.recurring === null) {
        throw invalidRequest(`The price ${id} is not a recurring price of the product ${product}.`, {
          param,
        });
      }
    }
    const intervals = prices.map((id) => cadenceOf(sandbox.get('price', id)));
    // Stripe's own words, as several projects quote them from its sandbox.
    if (new Set(intervals.map((one) => `${one.interval_count} ${one.interval}`)).size < prices.length) {
      throw invalidRequest('For each product, its price must have unique billing intervals.', { param });
    }
    return {
      product,
      prices,
      adjustable_quantity: {
        enabled: quantity?.enabled ?? false,
        maximum: quantity?.maximum ?? null,
        minimum: quantity?.minimum ?? 1,
      },
    };
  });
}

// Source: https://docs.stripe.com/api/customer_portal/configurations
function requireProducts({ subscription_update: update }: Features): void {
  if (
    update.enabled &&
    (update.default_allowed_updates.length === 0 || (update.products ?? []).length === 0)
  ) {
    throw invalidRequest(
      'You must pass `default_allowed_updates` and `products` when `subscription_update` is enabled.',
      { param: 'features[subscription_update]' },
    );
  }
}

const createParams = paramsOf<Stripe.BillingPortal.ConfigurationCreateParams>()({
  ...configuration,
  features,
});
const updateParams = paramsOf<Stripe.BillingPortal.ConfigurationUpdateParams>()({
  ...configuration,
  active: z.optional(flag),
  features: z.optional(features),
});

function createConfiguration(
  sandbox: Sandbox,
  { features: askedFeatures, ...rest }: z.infer<typeof createParams>,
): Stripe.BillingPortal.Configuration {
  const created: Stripe.BillingPortal.Configuration = {
    id: sandbox.newId('bpc'),
    object: 'billing_portal.configuration',
    active: true,
    application: null,
    business_profile: { headline: null, privacy_policy_url: null, terms_of_service_url: null },
    created: sandbox.now(),
    default_return_url: null,
    features: featuresWith(sandbox, NO_FEATURES, askedFeatures),
    is_default: false,
    livemode: false,
    login_page: { enabled: false, url: null },
    metadata: {},
    name: null,
    updated: sandbox.now(),
  };
  sandbox.assign(created, plainChanges(created, rest));
  sandbox.state.portal_configuration.set(created.id, created);
  sandbox.emit('billing_portal.configuration.created', created);
  return created;
}

function plainChanges(
  before: Stripe.BillingPortal.Configuration,
  asked: Omit<z.infer<typeof updateParams>, 'features'>,
): Partial<Stripe.BillingPortal.Configuration> {
  const { business_profile: profile, login_page: login, metadata: values, ...rest } = asked;
  return {
    ...present(rest),
    business_profile: { ...before.business_profile, ...present(profile ?? {}) },
    login_page: { ...before.login_page, ...present(login ?? {}) },
    metadata: mergeMetadata(before.metadata ?? {}, values),
  };
}

function updateConfiguration(
  sandbox: Sandbox,
  id: string,
  { features: asked, ...rest }: z.infer<typeof updateParams>,
): Stripe.BillingPortal.Configuration {
  const before = sandbox.get('portal_configuration', id);
  const changes = {
    ...plainChanges(before, rest),
    features: asked === undefined ? before.features : featuresWith(sandbox, before.features, asked),
  };
  const previous = sandbox.assign(before, changes);
  if (previous !== null) {
    before.updated = sandbox.now();
    sandbox.emit('billing_portal.configuration.updated', before, previous);
  }
  return before;
}

const sessionParams = paramsOf<Stripe.BillingPortal.SessionCreateParams>()({
  customer: text,
  configuration: z.optional(text),
  locale: z.optional(text),
  return_url: z.optional(text),
  flow_data: z.optional(
    z.strictObject({
      type: z.enum(['payment_method_update', 'subscription_cancel', 'subscription_update']),
      subscription_cancel: z.optional(z.strictObject({ subscription: text })),
      subscription_update: z.optional(z.strictObject({ subscription: text })),
    }),
  ),
});

function createSession(sandbox: Sandbox, asked: z.infer<typeof sessionParams>): Stripe.BillingPortal.Session {
  const customer = sandbox.customer(asked.customer);
  if (asked.configuration === undefined) {
    throw invalidRequest(
      'No configuration provided and your test mode default configuration has not been created. Provide a configuration or create your default by saving your customer portal settings in test mode at https://dashboard.stripe.com/test/settings/billing/portal.',
    );
  }
  const chosen = sandbox.get('portal_configuration', asked.configuration, 'configuration');
  const id = sandbox.newId('bps');
  const session: Stripe.BillingPortal.Session = {
    id,
    object: 'billing_portal.session',
    configuration: chosen.id,
    created: sandbox.now(),
    customer: customer.id,
    customer_account: null,
    flow: asked.flow_data === undefined ? null : flowOf(sandbox, asked.flow_data),
    livemode: false,
    locale: asked.locale ?? null,
    on_behalf_of: null,
    return_url: asked.return_url ?? chosen.default_return_url,
    url: `${sandbox.pagesUrl ?? 'https://billing.stripe.com'}/p/session/${id}`,
  };
  sandbox.state.portal_session.set(id, session);
  sandbox.emit('billing_portal.session.created', session);
  return session;
}

function flowOf(
  sandbox: Sandbox,
  { type, ...asked }: NonNullable<z.infer<typeof sessionParams>['flow_data']>,
): Stripe.BillingPortal.Session.Flow {
  const subscription = asked.subscription_cancel?.subscription ?? asked.subscription_update?.subscription;
  if (type !== 'payment_method_update') {
    sandbox.get('subscription', subscription ?? '', `flow_data[${type}][subscription]`);
  }
  return {
    after_completion: { hosted_confirmation: null, redirect: null, type: 'portal_homepage' },
    customer_update: null,
    subscription_cancel:
      asked.subscription_cancel === undefined ? null : { retention: null, ...asked.subscription_cancel },
    subscription_pause: null,
    subscription_update: asked.subscription_update ?? null,
    subscription_update_confirm: null,
    type,
  };
}

export const portalRoutes: Route[] = [
  route({
    method: 'POST',
    path: '/v1/billing_portal/configurations',
    params: createParams,
    answer: createConfiguration,
  }),
  route({
    method: 'GET',
    path: '/v1/billing_portal/configurations',
    params: paramsOf<Stripe.BillingPortal.ConfigurationListParams>()({
      ...paging,
      active: z.optional(flag),
      is_default: z.optional(flag),
    }),
    answer: (sandbox, { active, is_default: isDefault, ...page }) => {
      const configurations = sandbox
        .all('portal_configuration')
        .filter(
          (one) =>
            (active === undefined || one.active === active) &&
            (isDefault === undefined || one.is_default === isDefault),
        );
      return pageOf(configurations, '/v1/billing_portal/configurations', page);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/billing_portal/configurations/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('portal_configuration', id),
  }),
  route({
    method: 'POST',
    path: '/v1/billing_portal/configurations/{id}',
    params: updateParams,
    answer: (sandbox, asked, { id }) => updateConfiguration(sandbox, id, asked),
  }),
  route({
    method: 'POST',
    path: '/v1/billing_portal/sessions',
    params: sessionParams,
    answer: createSession,
  }),
];
