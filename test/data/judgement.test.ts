import { describe, expect, it } from '@jest/globals';
import { REASONS } from '../../lambdas/adapters/dynamodb/transact.ts';
import { judge, type Reasons, type Verdict } from '../../lambdas/commands/judgement.ts';

/** The design's list, in its order: the first line that holds is the verdict. */
const RULES: readonly { when: Partial<{ [Part in keyof Reasons]: string[] }>; then: Verdict }[] = [
  { when: { record: ['condition'] }, then: 'answer from the record' },
  { when: { record: ['conflict', 'throttled'] }, then: 'try again' },
  { when: { alongside: ['condition'] }, then: 'refused alongside' },
  { when: { account: ['absent'] }, then: 'create the account' },
  { when: { account: ['not current'] }, then: 'roll forward' },
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

const ACCOUNT_REASONS = [
  'none',
  'conflict',
  'throttled',
  'absent',
  'not current',
  'refuses',
  'wants a card',
] as const;

function everyCombination(): Reasons[] {
  return REASONS.flatMap((record) =>
    REASONS.flatMap((alongside) =>
      ACCOUNT_REASONS.flatMap((account) => REASONS.map((others) => ({ record, alongside, account, others }))),
    ),
  );
}

describe('judge', () => {
  it('judges every combination of reasons by the order of the list', () => {
    const combinations = everyCombination();
    expect(combinations).toHaveLength(4 * 4 * 7 * 4);
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
      { record: 'condition', account: 'not current' },
      'answer from the record',
    ],
    [
      'G2: the same request again, after its letter was deleted',
      { record: 'condition', alongside: 'condition' },
      'answer from the record',
    ],
    [
      'G2: its twin is being written and takes the last credit',
      { record: 'conflict', account: 'refuses' },
      'try again',
    ],
    ['G2: nothing is known of the record', { record: 'throttled', account: 'refuses' }, 'try again'],
    ['no letter, and no credit', { alongside: 'condition', account: 'refuses' }, 'refused alongside'],
    ['no letter, and no account', { alongside: 'condition', account: 'absent' }, 'refused alongside'],
    [
      'G7: the period has ended, and the letter is busy',
      { alongside: 'conflict', account: 'not current' },
      'roll forward',
    ],
    ['a refusal stands, however busy the letter is', { alongside: 'conflict', account: 'refuses' }, 'refuse'],
    ['a busy ledger line', { others: 'conflict' }, 'try again'],
  ];
  it.each(cases)('%s', (_title, reasons, verdict) => {
    expect(judge({ record: 'none', alongside: 'none', account: 'none', others: 'none', ...reasons })).toBe(
      verdict,
    );
  });
});
