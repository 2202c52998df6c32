/** A request's target, before anything is decoded. */
export interface Target {
  /** Still percent-encoded. */
  path: string;
  query: string;
}

export function parseTarget(url: string): Target {
  const queryAt = url.indexOf('?');
  return queryAt === -1
    ? { path: url, query: '' }
    : { path: url.slice(0, queryAt), query: url.slice(queryAt + 1) };
}

export interface Match<Route> {
  route: Route;
  /** The decoded values of the path's `{parameters}`. */
  parameters: Record<string, string>;
}

/**
 * The route for a method and a path. A literal path wins over one with a parameter. `/letters/` is not `/letters`.
 *
 * @throws URIError when the path has a malformed percent escape
 */
export function matchRoute<Route extends { method: string; path: string }>(
  routes: readonly Route[],
  method: string,
  path: string,
): Match<Route> | null {
  const matches = routes
    .filter((route) => route.method === method)
    .map((route) => ({ route, parameters: matchPath(route.path, path) }))
    .filter((match): match is Match<Route> => match.parameters !== null);
  const [best] = matches.sort((one, other) => countOf(one.parameters) - countOf(other.parameters));
  return best ?? null;
}

function countOf(parameters: Record<string, string>): number {
  return Object.keys(parameters).length;
}

function matchPath(template: string, path: string): Record<string, string> | null {
  const names = template.split('/');
  const segments = path.split('/');
  if (names.length !== segments.length) {
    return null;
  }
  const parameters: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const value = decodeURIComponent(segments[index] ?? '');
    if (name.startsWith('{') && value !== '') {
      parameters[name.slice(1, -1)] = value;
    } else if (name !== value) {
      return null;
    }
  }
  return parameters;
}
