/**
 * The catalogue: what an app counts, limits and sells. Its owner writes it (`postage.config.ts`), and the rules take it
 * as an argument, so that two can be evaluated side by side.
 */
import { type Instant } from './instants.ts';

export type Limit = number | 'unlimited';

export const BILLING_INTERVALS = ['month', 'year'] as const;

export type BillingInterval = (typeof BILLING_INTERVALS)[number];

export interface Price {
  amountCents: number;
  currency: 'usd';
}

export function usd(amountCents: number): Price {
  return { amountCents, currency: 'usd' };
}

/** A thing by its name, for one and for many: `['image', 'images']`. */
export type Title = readonly [one: string, many: string];

/** Unused included credits are carried to later periods. */
export interface CarryOver {
  /** The most carried credits that an account may hold after a period has closed. */
  cap: number;
  /** How many full periods a carried credit serves after the one that granted it. */
  periods: number;
}

/** A meter in the owner's file. */
export interface MeterEntry {
  title: Title;
  /** How many credits one costs. Without it, a plan limits the meter by a number, or not at all. */
  credits?: number;
  /** The most that a user may use in one UTC day, on any plan. */
  perDay?: number;
  /** More than this in one period is published as suspicious. */
  suspiciousAbove?: number;
}

export interface LevelEntry {
  title: Title;
}

export interface FeatureEntry {
  title: string;
}

/** A plan in the owner's file. */
export interface PlanEntry<Limited extends string = string, Feature extends string = string> {
  id: string;
  title: string;
  /** What it limits, and to what. A meter or a level that it does not name is not in the plan. */
  limits: Readonly<Partial<Record<Limited, Limit>>>;
  /** Credits that each period includes. */
  credits?: number;
  /** What one more credit costs when none is left. */
  extraCredit?: Price;
  carryOver?: CarryOver;
  prices?: Readonly<Partial<Record<BillingInterval, Price>>>;
  features?: readonly Feature[];
  /** No longer sold. It stays in the catalogue until nobody has it. */
  retired?: true;
}

export interface CreditEntry {
  title: Title;
  /** Bundles on sale: how many credits, and the price of them all. They last until they are used. */
  bundles?: Readonly<Record<number, Price>>;
  /** Whether users may give purchased credits away. */
  giftable?: boolean;
}

/** How the pages at Stripe sell, in the owner's file. */
export interface CheckoutEntry {
  /** Stripe Tax counts the tax: on top of the prices, or as a part of them. */
  tax?: 'exclusive' | 'inclusive';
  /** Whether customers may enter promotion codes. */
  promotionCodes?: boolean;
  /** What customers have to accept. Stripe's Dashboard has to have an address of terms too. */
  termsUrl?: string;
  privacyUrl?: string;
  /** Stands on statements of cards behind the account's own prefix, for bundles. */
  statementDescriptor?: string;
  /** Whether bundles have an invoice too. */
  invoices?: boolean;
}

/** What the owner writes. */
export interface CatalogueFile<
  Meter extends string = string,
  Level extends string = string,
  Feature extends string = string,
> {
  /** Their order is the order of refusals. */
  meters: Readonly<Record<Meter, MeterEntry>>;
  levels?: Readonly<Record<Level, LevelEntry>>;
  features?: Readonly<Record<Feature, FeatureEntry>>;
  /** From the smallest to the largest. The first is everybody's who has no subscription. */
  plans: readonly [
    PlanEntry<NoInfer<Meter> | NoInfer<Level>, NoInfer<Feature>>,
    ...PlanEntry<NoInfer<Meter> | NoInfer<Level>, NoInfer<Feature>>[],
  ];
  /** The one currency that meters may cost; without it, none does. */
  credit?: CreditEntry;
  checkout?: CheckoutEntry;
  /** Days for which a plan goes on after a payment has failed. */
  graceDays: number;
  trialDays: number;
}

/**
 * Types the owner's catalogue: a plan that limits an unknown meter does not compile. What types can't tell is told by
 * `mistakesOf`, at `npm start`, in the tests and at synth.
 */
export function defineCatalogue<
  Meter extends string,
  Level extends string = never,
  Feature extends string = never,
>(file: CatalogueFile<Meter, Level, Feature>): CatalogueFile<Meter, Level, Feature> {
  return file;
}

export interface Meter {
  id: string;
  title: Title;
  /** How many credits one costs; 0: none. */
  credits: number;
  perDay: number | null;
  suspiciousAbove: number | null;
}

export interface Level {
  id: string;
  title: Title;
}

export interface Feature {
  id: string;
  title: string;
}

export interface Plan {
  id: string;
  title: string;
  limits: Readonly<Record<string, Limit>>;
  creditsPerPeriod: number;
  extraCredit: Price | null;
  carryOver: CarryOver | null;
  prices: Readonly<Partial<Record<BillingInterval, Price>>>;
  features: readonly string[];
  isRetired: boolean;
}

/** The catalogue as the rules read it. */
export interface Catalogue {
  /** From when it holds: periods that open earlier repeat the terms that stand on the account (G14). */
  since: Instant;
  meters: readonly Meter[];
  levels: readonly Level[];
  features: readonly Feature[];
  /** From the smallest to the largest: the order in which an upgrade is proposed. */
  plans: readonly [free: Plan, ...sold: Plan[]];
  credit: { title: Title; bundles: readonly Bundle[]; isGiftable: boolean } | null;
  checkout: Checkout;
  graceDays: number;
  trialDays: number;
}

export interface Checkout {
  tax: 'exclusive' | 'inclusive' | null;
  takesCodes: boolean;
  termsUrl: string | null;
  privacyUrl: string | null;
  statementDescriptor: string | null;
  makesInvoices: boolean;
}

export interface Bundle {
  credits: number;
  price: Price;
}

/** What the owner has written, in force since an instant, with what they left out. */
export function catalogueOf(file: CatalogueFile, since: Instant): Catalogue {
  const [free, ...sold] = file.plans;
  return {
    since,
    meters: Object.entries(file.meters).map(([id, meter]) => ({
      id,
      title: meter.title,
      credits: meter.credits ?? 0,
      perDay: meter.perDay ?? null,
      suspiciousAbove: meter.suspiciousAbove ?? null,
    })),
    levels: Object.entries(file.levels ?? {}).map(([id, { title }]) => ({ id, title })),
    features: Object.entries(file.features ?? {}).map(([id, { title }]) => ({ id, title })),
    plans: [planFrom(free), ...sold.map(planFrom)],
    credit: file.credit === undefined ? null : creditFrom(file.credit),
    checkout: checkoutFrom(file.checkout ?? {}),
    graceDays: file.graceDays,
    trialDays: file.trialDays,
  };
}

function planFrom(entry: PlanEntry): Plan {
  const limits = Object.entries(entry.limits).filter(
    (each): each is [string, Limit] => each[1] !== undefined,
  );
  return {
    id: entry.id,
    title: entry.title,
    limits: Object.fromEntries(limits),
    creditsPerPeriod: entry.credits ?? 0,
    extraCredit: entry.extraCredit ?? null,
    carryOver: entry.carryOver ?? null,
    prices: entry.prices ?? {},
    features: entry.features ?? [],
    isRetired: entry.retired ?? false,
  };
}

function creditFrom({ title, bundles = {}, giftable = false }: CreditEntry): Catalogue['credit'] {
  const onSale = Object.entries(bundles).map(([credits, price]) => ({ credits: Number(credits), price }));
  return { title, bundles: onSale, isGiftable: giftable };
}

function checkoutFrom(entry: CheckoutEntry): Checkout {
  return {
    tax: entry.tax ?? null,
    takesCodes: entry.promotionCodes ?? false,
    termsUrl: entry.termsUrl ?? null,
    privacyUrl: entry.privacyUrl ?? null,
    statementDescriptor: entry.statementDescriptor ?? null,
    makesInvoices: entry.invoices ?? false,
  };
}

/** The plan of everybody without a subscription. */
export function freePlan({ plans }: Catalogue): Plan {
  return plans[0];
}

/** Null for a plan that the catalogue lacks: an account may still have it. */
export function planOf({ plans }: Catalogue, id: string): Plan | null {
  return plans.find((plan) => plan.id === id) ?? null;
}

/** The plans that a subscription gives and that are still sold. */
export function plansOnSale({ plans: [, ...subscribed] }: Catalogue): string[] {
  return subscribed.filter(({ isRetired }) => !isRetired).map(({ id }) => id);
}

/** The next larger plan on sale that has more, or null for the largest and for one that the catalogue lacks. */
export function nextPlan(
  { plans }: Catalogue,
  id: string,
  hasMore: (plan: Plan) => boolean = () => true,
): string | null {
  const index = plans.findIndex((plan) => plan.id === id);
  const larger = plans.slice(index + 1).find((plan) => !plan.isRetired && hasMore(plan));
  return index < 0 ? null : (larger?.id ?? null);
}

/** Whether a plan has anything that costs credits. */
export function hasCostingMeter({ limits }: Plan, { meters }: Catalogue): boolean {
  return meters.some(({ id, credits }) => credits > 0 && limits[id] !== undefined);
}

export function meterOf({ meters }: Catalogue, id: string): Meter | null {
  return meters.find((meter) => meter.id === id) ?? null;
}

/** Null: the catalogue has none of so many credits. */
export function findBundle({ credit }: Catalogue, credits: number): Bundle | null {
  return credit?.bundles.find((each) => each.credits === credits) ?? null;
}
