/** A request's target without its query, and the query. */
export function parseTarget(target: string): { path: string; query: string } {
  const [path = '', ...rest] = target.split('?');
  return { path, query: rest.join('?') };
}

/**
 * The first route for a method and a path, with the values of the path's `{parameters}`.
 *
 * @throws URIError when the path has a malformed percent escape
 */
export function matchRoute<Route extends { method: string; path: string }>(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; parameters: Record<string, string> } | null {
  for (const route of routes) {
    const parameters = route.method === method ? matchPath(route.path, path) : null;
    if (parameters !== null) {
      return { route, parameters };
    }
  }
  return null;
}

function matchPath(template: string, path: string): Record<string, string> | null {
  const names = template.split('/');
  const segments = path.split('/').map(decodeURIComponent);
  const isMatch =
    names.length === segments.length &&
    names.every((name, index) => (name.startsWith('{') ? segments[index] !== '' : segments[index] === name));
  const parameters = names.flatMap((name, index): [string, string][] =>
    name.startsWith('{') ? [[name.slice(1, -1), segments[index] ?? '']] : [],
  );
  return isMatch ? Object.fromEntries(parameters) : null;
}
