import type { components as core } from './generated/core.d.ts';
import type { components as letters } from './generated/letters.d.ts';

/** The schemas of the API by their names. */
export type Schemas = letters['schemas'];

/** Those of the core alone, which the letters app answers in shapes of its own. */
export type CoreSchemas = core['schemas'];
