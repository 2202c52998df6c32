/** What is measured: an act of a user or a job, with all that follows from it. */
export const ACTS = [
  'accountRead',
  'consumption',
  'creditConsumption',
  'letter',
  'email',
  'mail',
  'rollover',
] as const;
export type Act = (typeof ACTS)[number];

/** The mean of one act, the functions on the stream and the jobs included. */
export interface ActUnits {
  writeUnits: number;
  readUnits: number;
  events: number;
}

export type UnitsResult = Record<Act, ActUnits>;
