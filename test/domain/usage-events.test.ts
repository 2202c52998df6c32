import { describe, expect, it } from '@jest/globals';
import { type Change } from '../../lambdas/domain/changes.ts';
import { eventsOf } from '../../lambdas/domain/events-of.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { active, at, givenSubscriber, used } from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

const about = { userId: 'user', at: at('2026-02-10T12:00:00.000Z') };

const CONSUMPTION = {
  id: 'usage-1',
  consumed: { emails: 2, mails: 1 },
  released: {},
  credits: 1,
  levels: [],
  createdAt: at('2026-02-09'),
  givenBackAt: null,
};
const GIVEN_BACK = { ...CONSUMPTION, givenBackAt: at('2026-02-11') };

function consumption(
  before: Change<'consumption'>['before'],
  after: Change<'consumption'>['after'],
): Change<'consumption'> {
  return { kind: 'consumption', ...about, before, after };
}

describe('usage that was reported', () => {
  it.each<[string, Change<'consumption'>, string[]]>([
    ['counted', consumption(null, CONSUMPTION), ['UsageRecorded']],
    ['given back', consumption(CONSUMPTION, GIVEN_BACK), ['UsageGivenBack']],
    ['touched', consumption(CONSUMPTION, CONSUMPTION), []],
    ['given back, and touched', consumption(GIVEN_BACK, GIVEN_BACK), []],
    ['erased', consumption(CONSUMPTION, null), []],
  ])('%s', (_, change, names) => {
    expect(eventsOf(change, LETTERS).map(({ name }) => name)).toEqual(names);
  });

  it('tells what was counted, and what of it was given back', () => {
    const changes = [consumption(null, CONSUMPTION), consumption(CONSUMPTION, GIVEN_BACK)];
    expect(changes.flatMap((change) => eventsOf(change, LETTERS))).toMatchObject([
      {
        name: 'UsageRecorded',
        id: 'UsageRecorded:user:usage-1',
        at: '2026-02-09T00:00:00.000Z',
        data: {
          usageId: 'usage-1',
          consumed: { emails: 2, mails: 1 },
          released: {},
          credits: 1,
          recordedAt: '2026-02-09T00:00:00.000Z',
        },
      },
      {
        name: 'UsageGivenBack',
        id: 'UsageGivenBack:user:usage-1',
        at: '2026-02-11T00:00:00.000Z',
        data: {
          usageId: 'usage-1',
          consumed: { emails: 2, mails: 1 },
          credits: 1,
          givenBackAt: '2026-02-11T00:00:00.000Z',
        },
      },
    ]);
  });
});

describe('a closed period', () => {
  it('tells what it counted', () => {
    const pro = givenSubscriber(active({ anchor: '2026-02-01' }), '2026-02-10');
    const { closed } = rollForward(
      used(pro, { letters: 3, mails: 1 }, '2026-02-10'),
      at('2026-03-01'),
      LETTERS,
    );
    const [event] = eventsOf({ kind: 'period', ...about, before: null, after: closed[0] ?? null }, LETTERS);
    expect(event).toMatchObject({
      name: 'PeriodClosed',
      id: 'PeriodClosed:user:2026-02-01T00:00:00.000Z',
      data: {
        plan: 'pro',
        used: { letters: 3, emails: 0, mails: 1 },
        creditsUsed: 1,
        movements: [
          { kind: 'expiry', amount: -1 },
          { kind: 'allowance', amount: 2 },
        ],
      },
    });
  });
});
