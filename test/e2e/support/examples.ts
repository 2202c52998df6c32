import { fileURLToPath } from 'node:url';
import { catalogue as calls } from '../../../examples/calls/postage.config.ts';
import { catalogue as letters } from '../../../examples/letters/postage.config.ts';
import { catalogue as pictures } from '../../../examples/pictures/postage.config.ts';
import type { CatalogueFile } from '../../../lambdas/domain/catalogue.ts';

export const EXAMPLES = { letters, pictures, calls } satisfies Record<string, CatalogueFile>;

export type Example = keyof typeof EXAMPLES;

export function fileOf(example: Example): string {
  return fileURLToPath(new URL(`../../../examples/${example}/postage.config.ts`, import.meta.url));
}
