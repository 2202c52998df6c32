import { hash } from 'node:crypto';
import { type CatalogueFile, catalogueOf } from '../domain/catalogue.ts';

/** A catalogue as it is recorded. */
export interface CatalogueSnapshot {
  /** What the owner has written, as JSON. */
  file: string;
  /** Of what it means: two files that differ in what they leave out are one catalogue. */
  hash: string;
}

export function snapshotOf(file: CatalogueFile): CatalogueSnapshot {
  return { file: JSON.stringify(file), hash: hash('sha256', JSON.stringify(catalogueOf(file, 0)), 'hex') };
}
