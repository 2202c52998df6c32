import { describe, expect, it } from '@jest/globals';
import { type Account, newAccount } from '../../lambdas/domain/account.ts';
import {
  addToFigures,
  addToSummary,
  type AccountDiff,
  type CatalogueChange,
  diffAccount,
  type DiffSummary,
  lackedBy,
  MOMENTS,
  NOTHING_COMPARED,
} from '../../lambdas/domain/catalogue-diff.ts';
import { type Catalogue, type CatalogueFile, catalogueOf } from '../../lambdas/domain/catalogue.ts';
import { active, at, givenSubscriber, used, withCredits } from '../support/accounts.ts';
import { LETTERS, STUDIO, STUDIO_FILE } from '../support/catalogues.ts';
import { catalogue as LETTERS_FILE } from '../../examples/letters/postage.config.ts';

const NOW = '2026-02-10';
const FILE: CatalogueFile = LETTERS_FILE;

type Plans = CatalogueFile['plans'];

/** The letters app with other plans, which would hold from now on. */
function withPlans(change: (plan: Plans[number]) => object, file: Partial<CatalogueFile> = {}): Catalogue {
  const [free, ...sold] = FILE.plans;
  const changed = (plan: Plans[number]): Plans[number] => ({ ...plan, ...change(plan) });
  return catalogueOf({ ...FILE, plans: [changed(free), ...sold.map(changed)], ...file }, at(NOW));
}

function diff(account: Account, to: Catalogue, from = LETTERS): AccountDiff {
  return diffAccount(account, { from, to }, at(NOW));
}

/** What changes, by moment. */
function told({ changes }: AccountDiff): Partial<Record<CatalogueChange['when'], string[]>> {
  const by = MOMENTS.map((when): [string, string[]] => [
    when,
    changes
      .filter((change) => change.when === when)
      .map(({ effect, what, from, to }) => `${effect} ${what}: ${from} → ${to}`),
  ]);
  return Object.fromEntries(by.filter(([, changed]) => changed.length > 0));
}

const free = newAccount('ada', at(NOW), LETTERS);
const pro = givenSubscriber(active({ plan: 'pro' }), NOW);
const enterprise = givenSubscriber(active({ plan: 'enterprise' }), NOW);

describe('what an account gains or loses by another catalogue', () => {
  it('G14: is nothing, if the catalogue says the same', () => {
    for (const account of [free, pro, enterprise]) {
      const same = diff(
        account,
        withPlans(() => ({})),
      );
      expect(same).toMatchObject({ changes: [], creditsByApply: 0 });
    }
  });

  it('G14: limits, credits and carry-over hold from the next period, or at once by apply', () => {
    const to = withPlans(({ id, limits }) =>
      id === 'pro'
        ? { limits: { ...limits, letters: 50 }, credits: 5, carryOver: { cap: 4, periods: 1 } }
        : { limits: { ...limits, emails: 3 } },
    );
    const changes = [
      'loses letters: unlimited → 50',
      'gains credits per period: 2 → 5',
      'gains carry-over: none → 4 credits for 1 periods',
    ];
    const proDiff = diff(pro, to);
    expect(told(proDiff)).toEqual({ 'next period': changes, 'by apply': changes });
    expect(proDiff).toMatchObject({ plan: 'pro', nextAt: at('2026-02-28'), creditsByApply: 3 });

    const gained = ['gains emails: not in the plan → 3'];
    expect(told(diff(free, to))).toEqual({ 'next period': gained, 'by apply': gained });
    expect(diff(free, to)).toMatchObject({ nextAt: at('2026-03-01'), creditsByApply: 0 });
  });

  it('a smaller allowance takes no credit that is used', () => {
    const spent = used(withCredits(pro, { included: 2 }), { mails: 1 }, NOW);
    const to = withPlans(() => ({ credits: 0 }));
    expect(diff(spent, to).creditsByApply).toBe(-1);
  });

  it('carry-over of fewer credits for more periods is neither a gain nor a loss', () => {
    const to = withPlans(({ id }) => (id === 'enterprise' ? { carryOver: { cap: 5, periods: 4 } } : {}));
    expect(told(diff(enterprise, to))['next period']).toEqual([
      'differs carry-over: 10 credits for 3 periods → 5 credits for 4 periods',
    ]);
  });

  it('features and limits of a day hold once deployed', () => {
    const { mails, ...meters } = FILE.meters;
    const to = withPlans(({ id }) => (id === 'pro' ? { features: ['priority_support'] } : { features: [] }), {
      meters: { ...meters, mails: { title: ['mail', 'mails'], credits: 2 } },
    });
    expect(mails).toMatchObject({ perDay: 10 });
    const ofMails = 'gains mails a day: 10 → unlimited';
    const costs = ['loses credits for one of mails: 1 → 2'];
    expect(told(diff(pro, to))).toEqual({
      'once deployed': ['gains feature priority_support: no → yes', ofMails],
      'next period': costs,
      'by apply': costs,
    });
    expect(told(diff(enterprise, to))['once deployed']).toEqual([
      'loses feature priority_support: yes → no',
      ofMails,
    ]);
    expect(told(diff(free, to))).toEqual({ 'once deployed': [ofMails] });
    // A limit of a day may come, too.
    const back = diffAccount(pro, { from: to, to: { ...LETTERS, since: at(NOW) } }, at(NOW));
    expect(told(back)['once deployed']).toContain('loses mails a day: unlimited → 10');
  });

  it('an account whose plan is not in the catalogue keeps its terms', () => {
    const [first] = FILE.plans;
    const to = catalogueOf({ ...FILE, plans: [first] }, at(NOW));
    expect(told(diff(pro, to))).toEqual({
      'once deployed': ['differs plan: pro → not in the catalogue, so its terms stay'],
    });
    // One that comes back brings its features.
    expect(told(diffAccount(enterprise, { from: to, to: LETTERS }, at(NOW)))).toMatchObject({
      'once deployed': ['gains feature priority_support: no → yes'],
    });
  });

  it('another app takes all that was there, and gives what it has', () => {
    const told1 = told(diff(free, { ...STUDIO, since: at(NOW) }));
    expect(told1['next period']).toEqual([
      'differs plan: none → free',
      'loses letters: 5 → not in the plan',
      'gains exports: not in the plan → 3',
      'gains pictures: not in the plan → unlimited',
      'gains seats: not in the plan → 1',
      'gains credits per period: 0 → 4',
    ]);
    // An open period keeps what the new catalogue does not know.
    expect(told1['by apply']).not.toContain('loses letters: 5 → not in the plan');
  });

  it('a meter that becomes a level goes as the one and comes as the other', () => {
    const { letters, ...meters } = FILE.meters;
    const to = withPlans(() => ({}), { meters, ...(letters && { levels: { letters } }) });
    expect(told(diff(used(free, { letters: 2 }, NOW), to))).toEqual({
      'next period': ['loses letters: 5 → not in the plan', 'gains letters: not in the plan → 5'],
      'by apply': ['gains letters: not in the plan → 5'],
    });
  });

  it('an account that ends gets the terms of the free plan', () => {
    const ending = givenSubscriber(active({ plan: 'pro', endsAt: '2026-02-20' }), NOW);
    const to = withPlans(({ id, limits }) => (id === 'none' ? { limits: { ...limits, letters: 9 } } : {}));
    expect(diff(ending, to).nextAt).toBe(at('2026-02-20'));
    expect(told(diff(ending, to))).toEqual({ 'next period': ['gains letters: 5 → 9'] });
  });
});

describe('the summary', () => {
  const to = withPlans(({ id, limits }) =>
    id === 'none' ? { limits: { ...limits, letters: 9 } } : id === 'pro' ? { credits: 3 } : { credits: 9 },
  );

  function summaryOf(accounts: readonly Account[]): DiffSummary {
    const summary: DiffSummary = new Map();
    for (const account of accounts) {
      addToSummary(summary, diff(account, to));
    }
    return summary;
  }

  it('adds up, and does not grow with accounts', () => {
    const many = Array.from({ length: 100 }, (_, index) => [
      { ...free, userId: `free-${String(index)}` },
      { ...pro, userId: `pro-${String(index)}` },
      { ...enterprise, userId: `enterprise-${String(index)}` },
    ]).flat();
    const summary = summaryOf(many);
    expect([...summary.keys()]).toEqual(['none', 'pro', 'enterprise']);
    for (const { accounts, unchanged, changes } of summary.values()) {
      expect({ accounts, unchanged, changes: changes.size }).toEqual({
        accounts: 100,
        unchanged: 0,
        changes: 2,
      });
      expect([...changes.values()].map((each) => each.accounts)).toEqual([100, 100]);
    }
    expect(summary.get('pro')).toMatchObject({
      given: { credits: 100, accounts: 100, users: ['pro-0', 'pro-1', 'pro-2'] },
      taken: { credits: 0, accounts: 0, users: [] },
    });
    expect(summary.get('enterprise')).toMatchObject({ taken: { credits: 100, accounts: 100 } });
    const sizeOf = (of: DiffSummary): number =>
      [...of.values()].reduce((sum, { changes }) => sum + changes.size, 0);
    expect(sizeOf(summary)).toBe(sizeOf(summaryOf(many.slice(0, 3))));
  });

  it('counts who is not touched, and tells from when to when periods open', () => {
    const summary: DiffSummary = new Map();
    const later = givenSubscriber(active({ plan: 'pro', anchor: '2026-02-05' }), NOW);
    addToSummary(summary, diff(later, to));
    addToSummary(summary, diff(pro, to));
    addToSummary(summary, diff(pro, LETTERS));
    const [next] = summary.get('pro')?.changes.values() ?? [];
    expect(summary.get('pro')).toMatchObject({ accounts: 3, unchanged: 1 });
    expect(next).toMatchObject({ accounts: 2, firstAt: at('2026-02-28'), lastAt: at('2026-03-05') });
  });
});

describe('the figures', () => {
  const figuresOf = (to: Catalogue): object =>
    [free, pro, enterprise].map((account) => diff(account, to)).reduce(addToFigures, NOTHING_COMPARED);

  it('count who gains and who loses, and who does both twice', () => {
    expect(figuresOf(withPlans(() => ({})))).toEqual({ accounts: 3, gaining: 0, losing: 0 });
    const more = withPlans(({ id, limits }) => (id === 'none' ? { limits: { ...limits, letters: 9 } } : {}));
    expect(figuresOf(more)).toEqual({ accounts: 3, gaining: 1, losing: 0 });
    const otherwise = withPlans(({ id, limits }) =>
      id === 'pro' ? { credits: 5, limits: { ...limits, letters: 1 } } : {},
    );
    expect(figuresOf(otherwise)).toEqual({ accounts: 3, gaining: 1, losing: 1 });
  });
});

describe('what a catalogue lacks', () => {
  it('is told by entry', () => {
    expect(lackedBy(LETTERS, pro)).toEqual([]);
    expect(lackedBy(STUDIO, pro)).toEqual(['plan pro', 'meter letters', 'meter emails', 'meter mails']);
    const studio = newAccount('grace', at(NOW), catalogueOf(STUDIO_FILE, 0));
    expect(lackedBy(LETTERS, studio)).toEqual(['meter exports', 'meter pictures', 'level seats']);
  });
});
