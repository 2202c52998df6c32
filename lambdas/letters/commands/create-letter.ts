import { type Letter } from '../domain/letters.ts';
import { pagesOf } from '../domain/mail-limits.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import { type CommandContext } from '../../commands/command-context.ts';
import { decidingWrite, type WriteOutcome } from '../../commands/deciding-write.ts';
import { bodyItem, letterItem, parseLetter } from '../adapters/letter-item.ts';

/** Keeps a letter and counts it. @throws BusyError */
export async function trackLetterCreation(
  store: Store,
  context: CommandContext,
  { title, body }: { title: string; body: string },
): Promise<WriteOutcome<Letter>> {
  const { userId, id, fingerprint } = context;
  return decidingWrite(store, {
    ...context,
    use: { consume: { letters: 1 }, release: {} },
    source: `letter:${id}`,
    alongside: [],
    payAsYouGo: null,
    record: (createdAt) => {
      const letter = { id, title, createdAt, deletedAt: null };
      return {
        item: letterItem(userId, letter, pagesOf({ title, body }), fingerprint),
        others: [bodyItem(userId, id, body)],
        kept: letter,
      };
    },
    parse: parseLetter,
  });
}
