import { catalogue } from '../../examples/letters/postage.config.ts';
import { catalogueOf } from '../../lambdas/domain/catalogue.ts';

/** The letters app's catalogue, in force from the beginning. */
export const LETTERS = catalogueOf(catalogue, 0);
