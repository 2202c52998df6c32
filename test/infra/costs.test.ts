import { describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { ACTS, type UnitsResult } from '../../local/costs/acts.ts';
import { idleCosts, sumOf, Template } from '../../local/costs/idle.ts';
import { type Habits, loadCosts, poolIn } from '../../local/costs/load.ts';
import { SENDERS, templateOf, type Told } from './template.ts';

const templateWith = (told: Told): Template =>
  z.parse(Template, templateOf({ stage: 'prod', ...told }).toJSON());

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
    const [some, more] = [1_000, 10_000].map((count) => sumOf(loadCosts(units, count, habits, 'LITE')));
    expect((more ?? 0) / (some ?? 0)).toBeCloseTo(10);
  });

  it('are billed by the units of what they do', () => {
    const [writes] = loadCosts(units, 1_000_000, habits, null);
    const acts = ACTS.reduce((sum, act) => sum + habits[act], 0);
    expect(writes?.dollars).toBeCloseTo(acts * 10 * 0.625);
  });

  it('cost nothing at Cognito up to 10,000, or with an issuer of the owner’s own', () => {
    const cognito = (count: number, own: Told): number =>
      loadCosts(units, count, habits, poolIn(templateWith(own))).at(-1)?.dollars ?? NaN;
    expect(cognito(10_000, {})).toBe(0);
    expect(cognito(10_001, {})).toBeGreaterThan(0);
    expect(cognito(1_000_000, { issuer: OWN_ISSUER })).toBe(0);
  });
});
