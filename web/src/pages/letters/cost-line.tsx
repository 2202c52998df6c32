import type { ReactNode } from 'react';
import { useAccount } from '../../api/reads.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';

/** What the delivery will cost, before anybody asks for it. */
export function CostLine({ channel }: { channel: string }): ReactNode {
  const { data: account } = useAccount();
  const { credit } = useWords();
  if (account === undefined) {
    return null;
  }
  const { credits, meters } = account;
  const cost = channel === 'mail' ? (meters['mails']?.credits ?? 0) : 0;
  return (
    <p className="soft" role="status">
      {costText(cost)}
    </p>
  );

  function costText(count: number): string {
    if (count === 0) {
      return texts.letters.costFree;
    }
    if (credits.available >= count) {
      return texts.letters.costCredit(
        format.counted(count, credit),
        format.counted(credits.available, credit),
      );
    }
    return credits.extra === null
      ? texts.letters.costNone
      : texts.letters.costCard(format.money(credits.extra));
  }
}
