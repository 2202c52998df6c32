import { createHash } from 'node:crypto';
import { BILLING_INTERVALS, type Catalogue, plansOnSale } from '../../../domain/catalogue.ts';
import { API_VERSION } from '../connection.ts';
import { portalOf } from '../portal-configuration.ts';
import { priceOfBundle, priceOfPlan, type WantedPrice } from '../prices.ts';

/** What a stage needs at Stripe. */
export interface WantedAtStripe {
  stage: string;
  /** Plans of the catalogue, those that are not sold any more included: former prices name them. */
  plans: readonly string[];
  prices: readonly WantedPrice[];
  /** Null: events reach the stage in another way, as by `stripe listen`. */
  endpoint: { url: string; events: readonly string[]; apiVersion: typeof API_VERSION } | null;
  portal: ReturnType<typeof portalOf>;
}

/** @param events types of events that the stage's worker handles */
export function wantedAtStripe(
  catalogue: Catalogue,
  { stage, webhookUrl, events }: { stage: string; webhookUrl: string | null; events: readonly string[] },
): WantedAtStripe {
  const ofPlans = plansOnSale(catalogue).flatMap((plan) =>
    BILLING_INTERVALS.flatMap((interval) => priceOfPlan({ plan, interval }, catalogue) ?? []),
  );
  const ofBundles = (catalogue.credit?.bundles ?? []).map((bundle) => priceOfBundle(bundle, catalogue));
  return {
    stage,
    plans: catalogue.plans.map(({ id }) => id),
    prices: [...ofPlans, ...ofBundles],
    endpoint: webhookUrl === null ? null : { url: webhookUrl, events, apiVersion: API_VERSION },
    portal: portalOf(catalogue),
  };
}

/** What a stack keeps of Stripe: its keys, and the account that they were for when `setup` last ran. */
export interface KeptOfStripe {
  secretKey: string;
  /** Null: there is none yet; undefined: somebody else keeps it, and it can't be compared. */
  webhookSecret: string | null | undefined;
  /** Its owner says that it is the endpoint's: they have rolled it at Stripe. */
  isRolled?: boolean;
  /** `acct_… live` or `acct_… test`; null: it was never recorded; undefined: nothing could keep it. */
  account: string | null | undefined;
}

/** Stripe shows a signing secret once, and its hash in the endpoint's metadata tells whether it is still the one that is kept. */
export function fingerprintOf(webhookSecret: string): string {
  return createHash('sha256').update(webhookSecret).digest('hex').slice(0, 16);
}
