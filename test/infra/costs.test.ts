import { describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { ACTS, type UnitsResult } from '../../local/costs/acts.ts';
import { idleCosts, sumOf, Template } from '../../local/costs/idle.ts';
import { type Habits, isBehindCloudFront, loadCosts, poolIn } from '../../local/costs/load.ts';
import { SENDERS, templateOf, type Told } from './template.ts';

const templateWith = (told: Told): Template =>
  z.parse(Template, templateOf({ stage: 'prod', ...told }).toJSON());

const PLAIN = { plan: 'LITE', isBehindCloudFront: false } as const;
const OWN_ISSUER = { url: 'https://login.example.com', audience: ['postage'] };

describe('a stage that nobody uses', () => {
  it('costs at most five dollars a month, with both senders', () => {
    const { costs } = idleCosts(templateWith({ senders: SENDERS }));
    expect(sumOf(costs)).toBeLessThanOrEqual(5);
  });

  it('is billed for each secret, queue and alarm', () => {
    const without = idleCosts(templateWith({ senders: null }));
    const withSenders = idleCosts(templateWith({ senders: SENDERS }));
    const names = withSenders.costs.map(({ what }) => what).join('; ');
    expect(names).toMatch(/\d+ secrets; 34 alarms.*; Lambda asks 5 queues/);
    expect(sumOf(without.costs)).toBeLessThan(sumOf(withSenders.costs));
  });

  it('has the machine client beside it, unless the issuer is the owner’s own', () => {
    const own = idleCosts(templateWith({ issuer: OWN_ISSUER }));
    expect(JSON.stringify(idleCosts(templateWith({})).extras)).toContain('machine client');
    expect(JSON.stringify(own.extras)).not.toContain('machine client');
  });
});

describe('a page', () => {
  const withPage = templateWith({ page: {} });

  it('is named, and costs nothing while nobody looks at it', () => {
    const without = idleCosts(templateWith({}));
    const { costs, extras } = idleCosts(withPage);
    expect(costs).toEqual(without.costs);
    expect(extras).toEqual([...without.extras, { what: 'the page: its bucket, and CloudFront', dollars: 0 }]);
  });

  it('has CloudFront bill for each request to the API beyond those that are free', () => {
    expect([isBehindCloudFront(templateWith({})), isBehindCloudFront(withPage)]).toEqual([false, true]);
  });
});

describe('users', () => {
  const habits: Habits = {
    ...{ accountRead: 10, consumption: 100, creditConsumption: 1, letter: 0 },
    ...{ email: 0, mail: 0, rollover: 1 },
  };
  const each = { writeUnits: 10, readUnits: 4, events: 1 };
  const units: UnitsResult = {
    ...{ accountRead: each, consumption: each, creditConsumption: each, letter: each },
    ...{ email: each, mail: each, rollover: each },
  };

  it('cost ten times as much when they are ten times as many, beside Cognito', () => {
    const [some, more] = [1_000, 10_000].map((count) => sumOf(loadCosts(units, count, habits, PLAIN)));
    expect((more ?? 0) / (some ?? 0)).toBeCloseTo(10);
  });

  it('are billed by the units of what they do', () => {
    const [writes] = loadCosts(units, 1_000_000, habits, { ...PLAIN, plan: null });
    const acts = ACTS.reduce((sum, act) => sum + habits[act], 0);
    expect(writes?.dollars).toBeCloseTo(acts * 10 * 0.625);
  });

  it('are billed for their requests by CloudFront, where it stands in front, from ten million on', () => {
    const cloudFront = (count: number, isBehind: boolean): number | undefined =>
      loadCosts(units, count, habits, { ...PLAIN, isBehindCloudFront: isBehind }).find(
        ({ what }) => what === 'CloudFront',
      )?.dollars;
    const requests = 1_000_000 * (habits.accountRead + habits.consumption + habits.creditConsumption);
    expect(cloudFront(1_000_000, true)).toBeCloseTo((requests - 10_000_000) / 1_000_000);
    expect([cloudFront(1_000, true), cloudFront(1_000_000, false)]).toEqual([0, 0]);
  });

  it('cost nothing at Cognito up to 10,000, or with an issuer of the owner’s own', () => {
    const cognito = (count: number, own: Told): number =>
      loadCosts(units, count, habits, { ...PLAIN, plan: poolIn(templateWith(own)) }).at(-1)?.dollars ?? NaN;
    expect(cognito(10_000, {})).toBe(0);
    expect(cognito(10_001, {})).toBeGreaterThan(0);
    expect(cognito(1_000_000, { issuer: OWN_ISSUER })).toBe(0);
  });
});
