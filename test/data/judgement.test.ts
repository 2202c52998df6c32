import { describe, expect, it } from '@jest/globals';
import { judge, type Reasons, type Verdict } from '../../lambdas/commands/judgement.ts';

/** The design's list, in its order: the first line that holds is the verdict. */
const RULES: readonly { when: Partial<{ [Part in keyof Reasons]: string[] }>; then: Verdict }[] = [
  { when: { record: ['condition'] }, then: 'answer from the record' },
  { when: { record: ['conflict', 'throttled'] }, then: 'try again' },
  { when: { letter: ['condition'] }, then: 'letter missing' },
  { when: { account: ['absent'] }, then: 'create the account' },
  { when: { account: ['not open'] }, then: 'roll forward' },
  { when: { account: ['refuses'] }, then: 'refuse' },
  { when: { account: ['wants a card'] }, then: 'charge a card' },
  // The account would count, and a part of a record that does not exist is there: nobody of ours wrote it.
  { when: { account: ['none'], others: ['condition'] }, then: 'inconsistent' },
  { when: {}, then: 'try again' },
];

function verdictByTheList(reasons: Reasons): Verdict | undefined {
  const holds = (when: (typeof RULES)[number]['when']): boolean =>
    (Object.keys(when) as (keyof Reasons)[]).every((part) => when[part]?.includes(reasons[part]));
  return RULES.find(({ when }) => holds(when))?.then;
}

const REASONS = ['none', 'condition', 'conflict', 'throttled'] as const;
const ACCOUNT_REASONS = [
  'none',
  'conflict',
  'throttled',
  'absent',
  'not open',
  'refuses',
  'wants a card',
  'allows',
] as const;

function everyCombination(): Reasons[] {
  return REASONS.flatMap((record) =>
    REASONS.flatMap((letter) =>
      ACCOUNT_REASONS.flatMap((account) => REASONS.map((others) => ({ record, letter, account, others }))),
    ),
  );
}

describe('judge', () => {
  it('judges every combination of reasons by the order of the list', () => {
    const combinations = everyCombination();
    expect(combinations).toHaveLength(4 * 4 * 8 * 4);
    const judged = combinations.map((reasons) => ({ ...reasons, verdict: judge(reasons) }));
    expect(judged).toEqual(
      combinations.map((reasons) => ({ ...reasons, verdict: verdictByTheList(reasons) })),
    );
  });

  const cases: [string, Partial<Reasons>, Verdict][] = [
    [
      'G2: the same request again, when the credit is gone',
      { record: 'condition', account: 'refuses' },
      'answer from the record',
    ],
    [
      'G2: the same request again, after the period',
      { record: 'condition', account: 'not open' },
      'answer from the record',
    ],
    [
      'G2: the same request again, after its letter was deleted',
      { record: 'condition', letter: 'condition' },
      'answer from the record',
    ],
    [
      'G2: its twin is being written and takes the last credit',
      { record: 'conflict', account: 'refuses' },
      'try again',
    ],
    ['G2: nothing is known of the record', { record: 'throttled', account: 'refuses' }, 'try again'],
    ['no letter, and no credit', { letter: 'condition', account: 'refuses' }, 'letter missing'],
    ['no letter, and no account', { letter: 'condition', account: 'absent' }, 'letter missing'],
    [
      'G7: the period has ended, and the letter is busy',
      { letter: 'conflict', account: 'not open' },
      'roll forward',
    ],
    ['a refusal stands, however busy the letter is', { letter: 'conflict', account: 'refuses' }, 'refuse'],
    ['the account has changed since it refused', { account: 'allows' }, 'try again'],
    ['a busy ledger line', { others: 'conflict' }, 'try again'],
  ];
  it.each(cases)('%s', (_title, reasons, verdict) => {
    expect(judge({ record: 'none', letter: 'none', account: 'none', others: 'none', ...reasons })).toBe(
      verdict,
    );
  });
});
