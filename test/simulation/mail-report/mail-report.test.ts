import { describe, expect, it } from '@jest/globals';
import { type AnyChange } from '../../../lambdas/letters/domain/changes.ts';
import { DAY_MS, type Instant, utcDay } from '../../../lambdas/domain/instants.ts';
import { type MailReport, type Rate, reportMails } from '../../../lambdas/letters/domain/mail-report.ts';
import { addTotals, type Counted, daysOf } from '../../../lambdas/domain/statistics.ts';
import { countedOf } from '../../../lambdas/letters/domain/statistics.ts';
import fc from 'fast-check';
import { anyDraws, type Draws, type Random, randomFrom } from '../../support/random.ts';
import { type History, liveAccount, liveMail, livePurchase, type Seen } from './histories.ts';
import { sequences } from '../../support/sequences.ts';

const WORLDS = sequences(60, 2_000);

function upTo<Item>(maxLength: number, item: fc.Arbitrary<Item>): fc.Arbitrary<Item[]> {
  return fc.array(item, { maxLength, size: 'max' });
}

interface Life {
  account: Draws[];
  mails: Draws[][];
  purchases: Draws[][];
}

/** What some users do, from shortly before the turn of a year until all have stopped. */
const anyTogether = fc.noBias(
  fc.record({
    begin: fc.integer({ min: Date.UTC(2024, 10, 20), max: Date.UTC(2024, 11, 10) }),
    lives: upTo(
      8,
      fc.record({
        account: upTo(80, anyDraws(24)),
        mails: upTo(10, upTo(28, anyDraws(8))),
        purchases: upTo(4, upTo(12, anyDraws(8))),
      }),
    ),
    telling: anyDraws(4_096),
  }),
);

function liveTogether(begin: Instant, lives: readonly Life[]): History {
  const all = lives.flatMap(({ account, mails, purchases }, user) => {
    const userId = `user-${String(user)}`;
    return [
      liveAccount(account, userId, begin),
      ...mails.map((steps, index) => liveMail(steps, userId, `d${String(index)}`, begin)),
      ...purchases.map((steps, index) => livePurchase(steps, userId, `p${String(index)}`, begin)),
    ];
  });
  return {
    changes: all.flatMap(({ changes }) => changes),
    seen: all.flatMap(({ seen }) => seen),
  };
}

/** The stream tells changes in any order, some of them twice. */
function disordered(random: Random, changes: readonly AnyChange[]): AnyChange[] {
  return random.shuffled([...changes, ...changes.filter(() => random.happens(0.5))]);
}

/** The report that Postage makes from its statistics. */
function countedReport(counted: ReadonlyMap<string, Counted>, month: string): MailReport {
  const { first, last } = daysOf(month);
  const ofMonth = [...counted.values()].filter(({ day }) => first <= day && day <= last);
  return reportMails(ofMonth.map(({ totals }) => totals).reduce(addTotals, {}));
}

function countOnce(changes: readonly AnyChange[]): Map<string, Counted> {
  const all = new Map<string, Counted>();
  for (const change of changes) {
    const counted = countedOf(change);
    if (counted !== null) {
      const { userId, subject } = counted;
      const name = `${userId} ${subject}`;
      expect(all.get(name) ?? counted).toEqual(counted);
      all.set(name, counted);
    }
  }
  return all;
}

/** The report of what was seen, counted the plain way. */
function plainReport(seen: readonly Seen[], month: string): MailReport {
  const isInMonth = ({ at }: Seen): boolean => {
    const date = new Date(at);
    return month === `${String(date.getUTCFullYear())}-${String(date.getUTCMonth() + 1).padStart(2, '0')}`;
  };
  const facts = seen.filter(isInMonth);
  const sum = (amounts: readonly (number | undefined)[]): number =>
    amounts.reduce<number>((total, amount) => total + (amount ?? 0), 0);
  const periods = facts.flatMap(({ period }) => (period && period.plan !== 'none' ? [period] : []));
  const ofPro = periods.filter(({ plan }) => plan === 'pro');
  const exhausted = periods.filter(({ creditsUsed, creditsLeft }) => creditsUsed > 0 && creditsLeft === 0);
  const converted = exhausted.filter(({ mailsByCard }) => mailsByCard > 0);
  const used = sum(periods.map(({ creditsUsed }) => creditsUsed));
  const left = sum(periods.map(({ creditsLeft }) => creditsLeft));
  const receivedCents = sum(facts.map((fact) => fact.receivedCents));
  const refundedCents = sum(facts.map((fact) => fact.refundedCents));
  const payments = facts.flatMap(({ cardPayment }) => cardPayment ?? []);
  const failed = payments.filter((payment) => payment === 'failed').length;
  const free = facts.filter(({ sent }) => sent === 'free').length;
  const paid = facts.filter(({ sent }) => sent === 'paid').length;
  const mails = sum(ofPro.map(({ mailsByCredit, mailsByCard }) => mailsByCredit + mailsByCard));
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  const rate = (part: number, whole: number, threshold: number | null, isCrossed: boolean): Rate => ({
    value: share(part, whole),
    threshold,
    isCrossed,
  });
  return {
    mails: { delivered: free + paid, free, paid },
    revenueCents: receivedCents - refundedCents,
    refundedCents,
    disputes: {
      opened: facts.filter(({ dispute }) => dispute === 'opened').length,
      won: facts.filter(({ dispute }) => dispute === 'won').length,
      lost: facts.filter(({ dispute }) => dispute === 'lost').length,
    },
    mailsPerProUser: share(mails, ofPro.length),
    rates: {
      creditUtilization: rate(used, used + left, null, false),
      exhaustion: rate(exhausted.length, periods.length, 0.5, exhausted.length * 2 > periods.length),
      payAsYouGoConversion: rate(
        converted.length,
        exhausted.length,
        0.05,
        converted.length * 20 < exhausted.length,
      ),
      failedPayments: rate(failed, payments.length, 0.02, failed * 50 > payments.length),
      refunds: rate(refundedCents, receivedCents, 0.05, refundedCents * 20 > receivedCents),
    },
  };
}

/** Every month from that before the first thing happened to that after the last. */
function monthsAround(seen: readonly Seen[]): string[] {
  const instants = seen.map(({ at }) => at);
  const months = new Set<string>();
  for (
    let at = Math.min(...instants) - 31 * DAY_MS;
    at <= Math.max(...instants) + 31 * DAY_MS;
    at += DAY_MS
  ) {
    months.add(utcDay(at).slice(0, 7));
  }
  return [...months];
}

describe('whatever users and their cards do, and however the stream tells of it', () => {
  const met = {
    reports: 0,
    empty: 0,
    crossed: new Set<string>(),
    uncrossed: new Set<string>(),
    of: new Set<string>(),
  };

  function meet({ mails, mailsPerProUser, rates }: MailReport, month: string): void {
    met.reports += 1;
    met.of.add(month.slice(5));
    met.empty += mails.delivered === 0 && mailsPerProUser === null ? 1 : 0;
    for (const [name, { isCrossed }] of Object.entries(rates)) {
      (isCrossed ? met.crossed : met.uncrossed).add(name);
    }
  }

  it(
    'the report of a month is what was seen in it, counted the plain way',
    () => {
      const property = fc.property(anyTogether, ({ begin, lives, telling }) => {
        const { changes, seen } = liveTogether(begin, lives);
        const counted = countOnce(disordered(randomFrom(telling), changes));
        for (const month of monthsAround(seen)) {
          const plain = plainReport(seen, month);
          meet(plain, month);
          expect({ month, ...countedReport(counted, month) }).toEqual({ month, ...plain });
        }
      });
      fc.assert(property, WORLDS);
    },
    WORLDS.interruptAfterTimeLimit + 60_000,
  );

  it('meets empty months, every month of the year, and every threshold crossed and not', () => {
    expect(met.empty).toBeGreaterThan(0);
    expect(met.of.size).toBe(12);
    expect([...met.crossed].sort()).toEqual([
      'exhaustion',
      'failedPayments',
      'payAsYouGoConversion',
      'refunds',
    ]);
    expect(met.uncrossed.size).toBe(5);
  });
});
