import { afterAll, beforeAll } from '@jest/globals';
import { startOnThisMachine } from './local-world.ts';
import { connectStack } from './stack-world.ts';
import type { World } from './world.ts';

/**
 * The world for the cases of a file: the deployed stack at `POSTAGE_URL`, or else a Postage on this machine that the
 * file has for itself.
 */
export function useWorld(): () => World {
  let world: World | null = null;
  beforeAll(async () => {
    world = process.env['POSTAGE_URL'] === undefined ? await startOnThisMachine() : await connectStack();
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
