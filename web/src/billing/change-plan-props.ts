import type { Schemas } from '../api/schemas.ts';
import type { Catalogue, CataloguePlan } from '../catalogue/use-catalogue.ts';

export interface ChangePlanProps {
  plan: CataloguePlan;
  catalogue: Catalogue;
  interval: 'month' | 'year';
  account: Schemas['Account'];
  /** Says what came of it, where it stays when the plan's own card has changed. */
  onChanged: (text: string) => void;
}
