import { expect, it } from '@jest/globals';
import { type Access, type Route } from '../../lambdas/http/routes.ts';
import { ROUTES } from '../../lambdas/letters/http/routes.ts';

const OPEN_TO_ANYONE = ['/', '/catalogue', '/health', '/openapi.json'];

/** Who may call a route, by its address alone. */
function accessBy({ method, path }: Route): Access {
  const first = path.split('/')[1] ?? '';
  switch (first) {
    case 'admin':
      return 'admin';
    case 'cron':
      return 'cron';
    case 'webhooks':
      return 'signature';
    case 'users':
      return method === 'GET' ? 'usage:read' : 'usage:write';
    case 'docs':
      return 'anyone';
    default:
      return OPEN_TO_ANYONE.includes(path) ? 'anyone' : 'user';
  }
}

it('G13: the address of a route tells who may call it', () => {
  expect(ROUTES.length).toBeGreaterThan(50);
  expect(ROUTES.map(({ method, path, access }) => ({ method, path, access }))).toEqual(
    ROUTES.map((route: Route) => ({ method: route.method, path: route.path, access: accessBy(route) })),
  );
});
