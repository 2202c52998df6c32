import { describe, expect, it } from '@jest/globals';
import { CORE_ROUTES } from '../../lambdas/http/routes.ts';
import { CORE_STREAM_CONSUMERS } from '../../lambdas/wiring/stream-filters.ts';
import { CORE_RIGHTS } from '../../lib/rights.ts';
import { functionNameOf, LETTERS, resourcesOf, templateOf } from './template.ts';

const template = templateOf(
  { canary: true, page: {} },
  { ...LETTERS, config: { ...LETTERS.config, letters: null } },
);
const propertiesOf = (type: string) => resourcesOf(template, type).map(([, { Properties }]) => Properties);

describe('a stack without the letters app', () => {
  it('has the functions and the routes of the core, and no others', () => {
    const functions = resourcesOf(template, 'AWS::Lambda::Function').map(([, each]) => functionNameOf(each));
    expect(functions.sort()).toEqual(Object.keys(CORE_RIGHTS).sort());

    const routes = propertiesOf('AWS::ApiGatewayV2::Route').map(({ RouteKey }) => RouteKey);
    expect(routes.sort()).toEqual(CORE_ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it('names no letter, no delivery and no sender', () => {
    const ids = Object.values(template.toJSON() as Record<string, object>).flatMap(Object.keys);
    expect(ids.length).toBeGreaterThan(100);
    expect(ids.filter((id) => /letters|deliver|sender|mail/i.test(id))).toEqual([]);
  });

  it('feeds its functions with the records of the core', () => {
    const filters = propertiesOf('AWS::Lambda::EventSourceMapping').flatMap(({ FilterCriteria }) =>
      FilterCriteria === undefined ? [] : (FilterCriteria as { Filters: { Pattern: string }[] }).Filters,
    );
    const expected = Object.values(CORE_STREAM_CONSUMERS).flatMap((consumer) => consumer.filters);
    expect(filters.map(({ Pattern }) => JSON.parse(Pattern) as unknown)).toEqual(expected);
  });

  it('lets no function do what only the letters app needs', () => {
    const actions = propertiesOf('AWS::IAM::Policy').map((policy) => JSON.stringify(policy));
    expect(actions.filter((policy) => /ses:|RECONCILED/.test(policy))).toEqual([]);
  });
});
