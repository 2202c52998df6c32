import { describe, expect, it } from '@jest/globals';
import { ROUTES } from '../../lambdas/letters/http/routes.ts';
import { ask } from '../e2e/support/http.ts';
import { useWorld } from '../e2e/support/use-world.ts';

const world = useWorld();

describe('tokens', () => {
  it.each(ROUTES.filter(({ access }) => access === 'user' || access === 'usage:write'))(
    'G13: of $method $path are checked by the gateway itself, before any function runs',
    async ({ method, path }) => {
      const request = `${method} ${path.replaceAll(/\{\w+\}/g, 'some-id')}`;
      for (const question of [{}, { token: 'not.a.token' }]) {
        const { status, body } = await ask(world(), request, question);
        // A function would answer with a problem.
        expect({ status, body }).toEqual({ status: 401, body: { message: 'Unauthorized' } });
      }
    },
  );
});
