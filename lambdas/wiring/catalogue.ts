import { catalogue } from '#config';
import { type Catalogue, catalogueOf } from '../domain/catalogue.ts';
import { requiredVariable } from './environment.ts';

/** The owner's catalogue, for what does not depend on when it holds: schemas, offers, arguments. */
export const CATALOGUE: Catalogue = catalogueOf(catalogue, 0);

/** The owner's catalogue, in force since the instant that the deployment has recorded. */
export function catalogueInForce(): Catalogue {
  return catalogueOf(catalogue, Number(requiredVariable('catalogueSince')));
}
