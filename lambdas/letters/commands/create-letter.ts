import { countInMinute, type RateOutcome } from '../../adapters/dynamodb/rates.ts';
import { isLargeText, LARGE_TEXTS_PER_MINUTE, type Letter } from '../domain/letters.ts';
import { pagesOf } from '../domain/mail-limits.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import { type CommandContext } from '../../commands/command-context.ts';
import { decidingWrite, type WriteOutcome } from '../../commands/deciding-write.ts';
import { letterItem, parseLetter, textItem } from '../adapters/letter-item.ts';

export type LetterOutcome = WriteOutcome<Letter> | Extract<RateOutcome, { outcome: 'too_many' }>;

/**
 * Keeps a letter and counts it. A large one costs many times what others do: there is a limit of them for a minute, and
 * nobody pays for one that is refused.
 *
 * @throws BusyError
 */
export async function trackLetterCreation(
  store: Store,
  context: CommandContext,
  { title, body }: { title: string; body: string },
  largePerMinute = LARGE_TEXTS_PER_MINUTE,
): Promise<LetterOutcome> {
  const { userId, id, fingerprint, now, deadline } = context;
  const isLarge = isLargeText(body);
  if (isLarge) {
    const rate = await countInMinute(store, { userId, limit: largePerMinute, now }, deadline);
    if (rate.outcome === 'too_many') {
      return rate;
    }
  }
  return decidingWrite(store, {
    ...context,
    use: { consume: { letters: 1 }, release: {} },
    source: `letter:${id}`,
    alongside: [],
    payAsYouGo: null,
    looksFirst: isLarge,
    record: (createdAt) => {
      const letter = { id, title, createdAt, deletedAt: null };
      return {
        item: letterItem(userId, letter, pagesOf({ title, body }), fingerprint),
        others: [textItem(userId, id, body)],
        kept: letter,
      };
    },
    parse: parseLetter,
  });
}
