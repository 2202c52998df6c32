import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { connectionBy, type StripeConnection } from '../../lambdas/adapters/stripe/connection.ts';
import { PLAN_METADATA } from '../../lambdas/adapters/stripe/prices.ts';
import { wantedAtStripe, type WantedAtStripe } from '../../lambdas/adapters/stripe/setup/wanted.ts';
import { type Catalogue } from '../../lambdas/domain/catalogue.ts';
import { EVENT_HANDLERS } from '../../lambdas/letters/commands/stripe-event-handlers.ts';
import { checkStripe, keepInMemory, type KeepsStripe, setUpStripe } from '../../local/stripe-setup.ts';
import { LETTERS } from '../support/catalogues.ts';
import { idOf, openStripe, type TestStripe } from '../support/stripe.ts';

const URL = 'https://api.example.com/webhooks/stripe';
const events = Object.keys(EVENT_HANDLERS);

function wantedOf(catalogue: Catalogue, stage = 'dev'): WantedAtStripe {
  return wantedAtStripe(catalogue, { stage, webhookUrl: URL, events });
}

let at: TestStripe;
let keeper: KeepsStripe;
let stripe: Stripe;
let connection: StripeConnection;

function useKeys(secretKey: string): void {
  const { webhookSecret, url } = at.standIn;
  connection = connectionBy(() => Promise.resolve({ secretKey, webhookSecret }), url);
}

beforeEach(async () => {
  at = await openStripe('2026-01-31T09:00:00.000Z', { products: [] });
  stripe = at.stripe;
  keeper = keepInMemory({ secretKey: at.standIn.secretKey, webhookSecret: null, account: null });
  useKeys(at.standIn.secretKey);
});

afterEach(() => at.stop());

const setUp = (wanted = wantedOf(LETTERS)) => setUpStripe(connection, wanted, keeper);
const check = async (wanted = wantedOf(LETTERS)) =>
  (await checkStripe(connection, wanted, keeper)).map(({ says }) => says);

async function priceOf(key: string): Promise<Stripe.Price> {
  const [price] = (await stripe.prices.list({ lookup_keys: [key] })).data;
  if (price === undefined) {
    throw new Error(`There is no price ${key}.`);
  }
  return price;
}

async function only<Item>(list: Promise<{ data: Item[] }>): Promise<Item> {
  const { data } = await list;
  expect(data).toHaveLength(1);
  return data[0] as Item;
}

const endpoint = () => only(stripe.webhookEndpoints.list());
const portal = () => only(stripe.billingPortal.configurations.list());

/** Everything that the account has, as the API shows it. */
async function everything(): Promise<unknown> {
  const all = { limit: 100 };
  return {
    products: (await stripe.products.list(all)).data,
    prices: (await stripe.prices.list(all)).data,
    endpoints: (await stripe.webhookEndpoints.list(all)).data,
    portals: (await stripe.billingPortal.configurations.list(all)).data,
    kept: await keeper.kept(),
  };
}

describe('setup', () => {
  it('makes everything in an empty account, and changes nothing the second time', async () => {
    expect(await setUp()).toEqual([]);
    const first = await everything();
    at.clock.moveTo('2026-02-01T00:00:00.000Z');
    expect(await setUp()).toEqual([]);
    expect(await everything()).toEqual(first);
    expect(await check()).toEqual([]);
  });

  it('makes a product for each plan and bundle, with the prices of the catalogue', async () => {
    await setUp();
    const { data } = await stripe.prices.list({ limit: 100, expand: ['data.product'] });
    const shown = data.map(({ lookup_key: key, unit_amount: cents, recurring, metadata, product }) => [
      key,
      cents,
      recurring?.interval ?? null,
      metadata,
      (product as Stripe.Product).name,
    ]);
    expect(shown).toEqual(
      expect.arrayContaining([
        ['postage_pro_month', 900, 'month', { postage_plan: 'pro' }, 'Pro'],
        ['postage_pro_year', 9_000, 'year', { postage_plan: 'pro' }, 'Pro'],
        ['postage_enterprise_month', 2_900, 'month', { postage_plan: 'enterprise' }, 'Enterprise'],
        ['postage_bundle_5', 1_400, null, { postage_bundle: '5' }, '5 mail credits'],
        ['postage_bundle_10', 2_700, null, { postage_bundle: '10' }, '10 mail credits'],
        ['postage_bundle_25', 6_250, null, { postage_bundle: '25' }, '25 mail credits'],
      ]),
    );
    expect(shown).toHaveLength(6);
  });

  it("sends the stage's events, each by its name, and keeps the signing secret", async () => {
    await setUp();
    expect(await endpoint()).toMatchObject({
      url: URL,
      api_version: '2026-10-28.endive',
      enabled_events: events,
      status: 'enabled',
    });
    expect((await keeper.kept()).webhookSecret).toMatch(/^whsec_/);
  });

  it('sells at a new price when the catalogue has one, and the former stays known', async () => {
    await setUp();
    const former = await priceOf('postage_pro_month');
    const dearer = {
      ...LETTERS,
      plans: LETTERS.plans.map((plan) =>
        plan.id === 'pro'
          ? { ...plan, prices: { ...plan.prices, month: { amountCents: 1_100, currency: 'usd' } } }
          : plan,
      ),
    } as unknown as Catalogue;
    expect(await setUp(wantedOf(dearer))).toEqual([]);
    expect(await priceOf('postage_pro_month')).toMatchObject({ unit_amount: 1_100, product: former.product });
    expect(await stripe.prices.retrieve(former.id)).toMatchObject({
      active: false,
      lookup_key: null,
      metadata: { [PLAN_METADATA]: 'pro' },
    });
    expect(await check(wantedOf(dearer))).toEqual([]);
  });

  it('is for one stage: another one has its own endpoint and configuration', async () => {
    await setUp();
    const other = {
      ...wantedOf(LETTERS, 'prod'),
      endpoint: { url: 'https://prod.example.com/webhooks/stripe', events, apiVersion: '2026-10-28.endive' },
    } as const;
    const ofOther = keepInMemory({ secretKey: at.standIn.secretKey, webhookSecret: null, account: null });
    expect(await setUpStripe(connection, other, ofOther)).toEqual([]);
    expect((await stripe.webhookEndpoints.list()).data).toHaveLength(2);
    expect((await stripe.billingPortal.configurations.list()).data).toHaveLength(2);
    expect(await check()).toEqual([]);
  });

  it('takes a signing secret that its owner has rolled at Stripe', async () => {
    await setUp();
    const before = await endpoint();
    await keeper.keepWebhookSecret('whsec_rolled');
    const { kept } = keeper;
    keeper = { ...keeper, kept: async () => ({ ...(await kept()), isRolled: true }) };
    expect(await setUp()).toEqual([]);
    expect((await endpoint()).id).toBe(before.id);
    keeper = { ...keeper, kept };
    expect(await check()).toEqual([]);
  });

  it('begins nothing in another account', async () => {
    await setUp();
    useKeys(at.standIn.otherAccountKey);
    expect(await setUp()).toMatchObject([{ step: null }]);
  });
});

describe("a price of the owner's own on a product of a plan", () => {
  /** For something of the owner's, beside the plan. */
  const addPrice = async (metadata = {}): Promise<string> => {
    const { product } = await priceOf('postage_pro_month');
    const own = { unit_amount: 200, recurring: { interval: 'month' }, metadata } as const;
    return (await stripe.prices.create({ product: idOf(product), currency: 'usd', ...own })).id;
  };

  beforeEach(() => setUp());

  it('is named once, and setup neither archives it nor makes it a price of the plan', async () => {
    const id = await addPrice();
    const before = await everything();
    expect(await setUp()).toEqual([
      {
        says: `The price ${id} is active on the product postage_plan_pro, and names no plan.`,
        mend: `npm run stripe -- adopt ${id}=PLAN/month, if who pays it is to have a plan. If not, write postage_plan: none into its metadata.`,
        step: null,
      },
    ]);
    expect(await everything()).toEqual(before);
  });

  it('is not named any more once it says that it stands for no plan', async () => {
    await addPrice({ [PLAN_METADATA]: 'none' });
    expect(await check()).toEqual([]);
  });

  it('is no former price of a product of theirs, either', async () => {
    const { id: product } = await stripe.products.create({ name: 'Ours' });
    await sellAt({ product });
    const own = { product, currency: 'usd', unit_amount: 200, recurring: { interval: 'month' } } as const;
    const { id } = await stripe.prices.create(own);
    await setUp();
    expect((await check()).join()).toMatch(new RegExp(`${id} is active on the product ${product}`));
    await stripe.prices.update(id, { metadata: { [PLAN_METADATA]: 'none' } });
    expect(await check()).toEqual([]);
  });
});

const sellAt = async (other: Partial<Stripe.PriceCreateParams>): Promise<void> => {
  const { product, metadata } = await priceOf('postage_pro_month');
  await stripe.prices.create({
    product: idOf(product),
    currency: 'usd',
    unit_amount: 900,
    recurring: { interval: 'month' },
    metadata,
    lookup_key: 'postage_pro_month',
    transfer_lookup_key: true,
    ...other,
  });
};

const updateEndpoint = async (params: Stripe.WebhookEndpointUpdateParams): Promise<void> => {
  await stripe.webhookEndpoints.update((await endpoint()).id, params);
};

const updatePortal = async (params: Stripe.BillingPortal.ConfigurationUpdateParams): Promise<void> => {
  await stripe.billingPortal.configurations.update((await portal()).id, params);
};

interface Change {
  act: () => Promise<void>;
  says: RegExp;
  /** Its owner has to mend it. */
  isOwners?: true;
}

const CHANGES: Record<string, Change> = {
  'a price is archived': {
    act: async () => {
      await stripe.prices.update((await priceOf('postage_pro_year')).id, { active: false });
    },
    says: /price_\w+ of postage_pro_year is archived/,
  },
  'the price of a bundle is archived': {
    act: async () => {
      await stripe.prices.update((await priceOf('postage_bundle_5')).id, { active: false });
    },
    says: /of postage_bundle_5 is archived/,
  },
  'a price loses its lookup key': {
    act: () => sellAt({ unit_amount: 100, metadata: {}, recurring: { interval: 'day' } }),
    says: /amount 100 instead of 900, interval day instead of month/,
  },
  'another amount': { act: () => sellAt({ unit_amount: 901 }), says: /amount 901 instead of 900/ },
  'another interval': {
    act: () => sellAt({ recurring: { interval: 'year' } }),
    says: /interval year instead of month/,
  },
  'another number of intervals': {
    act: () => sellAt({ recurring: { interval: 'month', interval_count: 3 } }),
    says: /interval count 3 instead of 1/,
  },
  'a second active price of a product and interval': {
    act: async () => {
      const { product } = await priceOf('postage_pro_month');
      await stripe.prices.create({
        product: idOf(product),
        currency: 'usd',
        unit_amount: 500,
        recurring: { interval: 'month' },
        metadata: { [PLAN_METADATA]: 'pro' },
      });
    },
    says: /is active beside price_\w+, for the same product and interval/,
  },
  'the metadata of a price are edited': {
    act: async () => {
      const { id } = await priceOf('postage_pro_month');
      await stripe.prices.update(id, { metadata: { [PLAN_METADATA]: 'enterprise' } });
    },
    says: /metadata postage_plan enterprise instead of pro/,
  },
  'the metadata of a former price are removed': {
    act: async () => {
      const { id } = await priceOf('postage_pro_month');
      await sellAt({});
      await stripe.prices.update(id, { active: false, metadata: { [PLAN_METADATA]: '' } });
    },
    says: /former price price_\w+ names the plan of nobody/,
  },
  'a product is archived': {
    act: async () => {
      await stripe.products.update('postage_plan_pro', { active: false });
    },
    says: /product postage_plan_pro is archived/,
  },
  'the metadata of a product are removed': {
    act: async () => {
      await stripe.products.update('postage_plan_pro', { metadata: { [PLAN_METADATA]: '' } });
    },
    says: /product postage_plan_pro has other metadata/,
  },
  'the endpoint is deleted': {
    act: async () => {
      await stripe.webhookEndpoints.del((await endpoint()).id);
    },
    says: /No webhook endpoint sends events to https:\/\/api/,
  },
  'the endpoint is disabled': {
    act: () => updateEndpoint({ disabled: true }),
    says: /endpoint we_\w+ is disabled/,
  },
  'the endpoint sends fewer events': {
    act: () => updateEndpoint({ enabled_events: ['invoice.paid', 'charge.updated'] }),
    says: /lacks the events customer\.subscription\.created.* and sends charge\.updated, which nothing follows/,
  },
  'the endpoint sends them elsewhere': {
    act: () => updateEndpoint({ url: 'https://old.example.com/' }),
    says: /sends events to https:\/\/old\.example\.com\/ instead of/,
  },
  'the endpoint has another API version': {
    act: async () => {
      const { id, metadata } = await endpoint();
      await stripe.webhookEndpoints.del(id);
      await stripe.webhookEndpoints.create({
        url: URL,
        enabled_events: events as Stripe.WebhookEndpointCreateParams.EnabledEvent[],
        api_version: '2026-08-26.dahlia',
        metadata,
      });
    },
    says: /events of the version 2026-08-26\.dahlia instead of 2026-10-28\.endive/,
  },
  'another signing secret is kept': {
    act: () => keeper.keepWebhookSecret('whsec_other'),
    says: /signing secret that is kept is not the one/,
  },
  'the endpoint does not name its stage any more': {
    act: () => updateEndpoint({ metadata: { postage: '' } }),
    says: /does not name its stage/,
  },
  "the Portal's configuration is not active": {
    act: () => updatePortal({ active: false }),
    says: /configuration bpc_\w+ is not active/,
  },
  "the Portal's configuration lets users cancel": {
    act: () => updatePortal({ features: { subscription_cancel: { enabled: true } } }),
    says: /configuration bpc_\w+ has other features/,
  },
  "the Portal's configuration names no stage any more": {
    act: () => updatePortal({ metadata: { postage: '' } }),
    says: /Portal has no configuration for the stage dev/,
  },
  'the endpoint is there twice': {
    act: async () => {
      await stripe.webhookEndpoints.create({ url: URL, enabled_events: ['invoice.paid'] });
    },
    says: /endpoint we_\w+ sends events to https:\/\/api\S+ too/,
    isOwners: true,
  },
  'the keys are of another account': {
    act: () => {
      useKeys(at.standIn.otherAccountKey);
      return Promise.resolve();
    },
    says: /keys are of acct_\w+ test, and those before were of acct_\w+ test/,
    isOwners: true,
  },
};

describe('check', () => {
  beforeEach(() => setUp());

  it.each(Object.entries(CHANGES))('names it when %s', async (_, { act, says, isOwners = false }) => {
    expect(await check()).toEqual([]);
    await act();
    expect((await check()).join('\n')).toMatch(says);
    expect((await setUp()).length > 0).toBe(isOwners);
    if (!isOwners) {
      const mended = await everything();
      expect(await setUp()).toEqual([]);
      expect(await everything()).toEqual(mended);
    }
  });

  it('names keys of live mode on the stage dev, and those of the other mode', async () => {
    const { kept } = keeper;
    useKeys(at.standIn.liveKey);
    keeper = { ...keeper, kept: async () => ({ ...(await kept()), secretKey: at.standIn.liveKey }) };
    expect((await check()).join()).toMatch(/stage dev are of live mode/);
    expect((await check(wantedOf(LETTERS, 'prod'))).join()).toMatch(
      /acct_\w+ live, and those before were of acct_\w+ test/,
    );
  });

  it('compares the rest when the key may not read the account', async () => {
    at.standIn.control.setFaults({ api: { forbidden: ['GET /v1/account'] } });
    expect(await check()).toEqual([]);
  });
});
