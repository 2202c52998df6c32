import { optionalVariable } from '../lambdas/wiring/environment.ts';

/** The table that `npm start` serves and `npm run rollover` rolls over. */
export function tableName(): string {
  return optionalVariable('table') ?? 'postage';
}
