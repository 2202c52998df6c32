import { afterAll, beforeAll, describe, it } from '@jest/globals';
import type { Example } from './examples.ts';
import { startOnThisMachine } from './local-world.ts';
import { connectStack } from './stack-world.ts';
import type { World } from './world.ts';

const isDeployed = process.env['POSTAGE_URL'] !== undefined;

/** An example's own cases: with a deployed stack, they need one that was deployed with the example's file. */
export function describeExample(example: Example, cases: (world: () => World) => void): void {
  const isThere = !isDeployed || process.env[`POSTAGE_${example.toUpperCase()}_URL`] !== undefined;
  (isThere ? describe : describe.skip)(`examples/${example}`, () => cases(useWorld(example)));
}

/** What only a Postage on this machine can do, such as move its clock. */
export const itOnThisMachine = isDeployed ? it.skip : it;

/**
 * The world for the cases of a file: the deployed stack at `POSTAGE_URL`, or else a Postage on this machine that the
 * file has for itself.
 */
export function useWorld(example: Example = 'letters'): () => World {
  let world: World | null = null;
  beforeAll(async () => {
    world = isDeployed ? await connectStack(example) : await startOnThisMachine(example);
  });
  afterAll(async () => {
    await world?.close();
  });
  return () => {
    if (world === null) {
      throw new Error('The world is there once the suite has begun.');
    }
    return world;
  };
}
