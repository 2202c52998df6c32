import { catalogue } from '#config';
import { type Catalogue, type CatalogueFile, catalogueOf } from '../domain/catalogue.ts';
import { requiredVariable } from './environment.ts';

/** What the owner has written. */
export const CATALOGUE_FILE: CatalogueFile = catalogue;

/** The owner's catalogue, for what does not depend on when it holds: schemas, offers, arguments. */
export const CATALOGUE: Catalogue = catalogueOf(CATALOGUE_FILE, 0);

/** The owner's catalogue, in force since the instant that the deployment has recorded. */
export function catalogueInForce(): Catalogue {
  return catalogueOf(CATALOGUE_FILE, Number(requiredVariable('catalogueSince')));
}
