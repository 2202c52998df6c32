import { type BillingInterval, type PlanId } from '../../lambdas/domain/plans.ts';

/** The id of the price that stands ready for a plan: `price_pro_month`. Its `lookup_key` is `pro_month`. */
export function seededPriceId(plan: PlanId, interval: BillingInterval): string {
  return `price_${plan}_${interval}`;
}
