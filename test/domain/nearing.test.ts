import { describe, expect, it } from '@jest/globals';
import { type Account, type AccountState, newAccount } from '../../lambdas/domain/account.ts';
import { limitsNear, nearingStep } from '../../lambdas/domain/nearing.ts';
import { active, at, givenSubscriber, used, withCredits, withUses } from '../support/accounts.ts';
import { LETTERS, STUDIO } from '../support/catalogues.ts';

const NOW = '2026-02-10T00:00:00.000Z';
const FREE = newAccount('user', at(NOW), LETTERS);
const PRO = givenSubscriber(active({}), NOW);
const ENDS = at('2026-03-01');

function letters(count: number): Account {
  return used(FREE, { letters: count }, NOW);
}

function step(before: AccountState | null, after: AccountState | null) {
  return nearingStep({ kind: 'account', userId: 'user', at: at(NOW), before, after });
}

describe('limits near', () => {
  it('are those of which the share is used, the nearest first', () => {
    const account = withUses(withCredits(PRO, { included: 10, usedThisPeriod: 9 }), {
      letters: { limit: 10, used: 12 },
      emails: { limit: 10, used: 7 },
    });
    expect(limitsNear(account, 0.8)).toEqual([
      { of: 'letters', used: 12, limit: 10, percent: 100 },
      { of: 'credits', used: 9, limit: 10, percent: 90 },
    ]);
    expect(limitsNear(account, 1)).toHaveLength(1);
  });

  it('are none where nothing is limited, or the limit is 0', () => {
    expect(limitsNear(withCredits(PRO, {}), 0.8)).toEqual([]);
  });
});

describe('the stream notes', () => {
  it('who reaches a threshold, until the period ends', () => {
    expect(step(letters(3), letters(4))).toMatchObject({ note: { percent: 80, until: ENDS } });
    expect(step(letters(4), letters(5))).toMatchObject({ note: { percent: 100, until: ENDS } });
    expect(step(null, letters(5))).toMatchObject({ note: { percent: 100 } });
  });

  it('nothing of a use between two thresholds, and nothing of an account that is gone', () => {
    expect(step(letters(1), letters(3))).toBeNull();
    expect(step(letters(4), letters(4))).toBeNull();
    expect(step(letters(4), null)).toBeNull();
  });

  it('who is no longer near a limit, but not where the period has ended', () => {
    expect(step(letters(4), PRO)).toMatchObject({ note: null });
    const next = newAccount('user', ENDS, LETTERS);
    expect(step(letters(4), next)).toBeNull();
  });

  it('that an erased user is near nothing', () => {
    const erased = { kind: 'erased', userId: 'user', version: 9, erasedAt: at(NOW) } as const;
    expect(step(letters(4), erased)).toEqual({ note: null, version: 9 });
    expect(step(erased, erased)).toBeNull();
  });

  it('a level that is held without an end, since no period resets it', () => {
    const before = newAccount('user', at(NOW), STUDIO);
    const [level = ''] = Object.keys(before.levels);
    const after = { ...before, levels: { ...before.levels, [level]: { limit: 2, used: 2 } } };
    expect(step(before, after)).toMatchObject({ note: { percent: 100, until: null } });
    expect(step(after, before)).toMatchObject({ note: null });
  });
});
