import { it } from '@jest/globals';
import fc from 'fast-check';
import { anyAct, anyCatalogues } from './arbitraries.ts';
import { walk } from './walk.ts';

const RUNS = Number(process.env['POSTAGE_RUNS'] ?? 1_500);

it('G1, G4, G5, G7, G8, G14: whatever the catalogues, the account and the functions that meet it', () => {
  fc.assert(
    fc.property(anyCatalogues, fc.array(anyAct, { minLength: 1, maxLength: 25, size: 'max' }), walk),
    { numRuns: RUNS },
  );
});
