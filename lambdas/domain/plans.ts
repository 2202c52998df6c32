/** The plan catalogue. Everything that differs between plans is read from here; a new plan is one more entry. */

export type Limit = number | 'unlimited';

export const BILLING_INTERVALS = ['month', 'year'] as const;

export type BillingInterval = (typeof BILLING_INTERVALS)[number];

export interface Price {
  amountCents: number;
  currency: 'usd';
}

export interface CarryOver {
  /** The most carried credits that an account may hold after a period has closed. */
  capCredits: number;
}

/** What a plan offers, and for how much. */
interface Terms {
  lettersPerPeriod: Limit;
  emailsPerPeriod: Limit;
  mailCreditsPerPeriod: number;
  /** What a mail costs when no credit is left; null: users can't buy one. */
  extraMail: Price | null;
  /** Whether unused included credits are carried to the next periods (three of them), and how many; null: they expire. */
  carryOver: CarryOver | null;
  /** Whether deliveries, by e-mail or by post, can be scheduled at all. */
  canSchedule: boolean;
  prices: Partial<Record<BillingInterval, Price>>;
}

function usd(amountCents: number): Price {
  return { amountCents, currency: 'usd' };
}

/** From the smallest plan to the largest: the order in which an upgrade is proposed. */
const CATALOGUE = [
  {
    id: 'none',
    lettersPerPeriod: 5,
    emailsPerPeriod: 0,
    mailCreditsPerPeriod: 0,
    extraMail: null,
    carryOver: null,
    canSchedule: false,
    prices: {},
  },
  {
    id: 'pro',
    lettersPerPeriod: 'unlimited',
    emailsPerPeriod: 'unlimited',
    mailCreditsPerPeriod: 2,
    extraMail: usd(300),
    carryOver: null,
    canSchedule: true,
    prices: { month: usd(900), year: usd(9_000) },
  },
  {
    id: 'enterprise',
    lettersPerPeriod: 'unlimited',
    emailsPerPeriod: 'unlimited',
    mailCreditsPerPeriod: 10,
    extraMail: usd(250),
    carryOver: { capCredits: 10 },
    canSchedule: true,
    prices: { month: usd(2_900) },
  },
] as const satisfies readonly (Terms & { id: string })[];

export type PlanId = (typeof CATALOGUE)[number]['id'];
/** A plan that a subscription gives. */
export type SoldPlan = Exclude<PlanId, 'none'>;

export interface Plan extends Terms {
  id: PlanId;
}

export type Plans = Readonly<Record<PlanId, Plan>>;

export const PLANS = Object.fromEntries(CATALOGUE.map((plan) => [plan.id, plan])) as Plans;

export const PLAN_ORDER = CATALOGUE.map(({ id }) => id);
export const SOLD_PLANS = PLAN_ORDER.filter((plan) => plan !== 'none');

/** The bundles of mail credits on sale: how many, and the price of them all. They last until they are used. */
export const BUNDLES = {
  5: usd(1_400),
  10: usd(2_700),
  25: usd(6_250),
} as const satisfies Record<number, Price>;

/** How many credits a bundle has. */
export type Bundle = keyof typeof BUNDLES;

export const BUNDLE_SIZES = Object.keys(BUNDLES).map(Number) as Bundle[];

/** Most mails that a user may schedule in one UTC day, on any plan. */
export const MAILS_PER_DAY = 10;

/** The next larger plan, or null for the largest. */
export function nextPlan(plan: PlanId): PlanId | null {
  return PLAN_ORDER[PLAN_ORDER.indexOf(plan) + 1] ?? null;
}
