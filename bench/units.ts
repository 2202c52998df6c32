import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { UnitsResult } from '../local/costs/acts.ts';

/** Counts what DynamoDB charges for each act, and how many events it publishes: `npm run costs` computes with it. */
export async function benchUnits(endpoint: string): Promise<UnitsResult> {
  const child = new URL('units-child.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [child, endpoint]);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as UnitsResult;
}
