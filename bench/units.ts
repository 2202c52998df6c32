import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

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

/** Counts what DynamoDB charges for each act, and how many events it publishes: `npm run costs` computes with it. */
export async function benchUnits(endpoint: string): Promise<UnitsResult> {
  const child = new URL('units-child.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [child, endpoint]);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as UnitsResult;
}
