import type { ReactNode } from 'react';
import type { Schemas } from '../../api/schemas.ts';
import { useAccount } from '../../api/reads.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';
import type { Words } from '../../texts/en.ts';

/** What the delivery will cost, before anybody asks for it. */
export function CostLine({ channel }: { channel: string }): ReactNode {
  const { data: account } = useAccount();
  const words = useWords();
  return (
    <p className="soft" role="status">
      {account === undefined ? null : costText(account, channel === 'mail' ? 'mails' : 'emails', words)}
    </p>
  );
}

function costText({ credits, meters }: Schemas['Account'], meter: string, { credit }: Words): string {
  const { limit = null, credits: cost = 0 } = meters[meter] ?? {};
  if (limit === null) {
    return texts.letters.costNotInPlan;
  }
  if (cost === 0) {
    return texts.letters.costFree;
  }
  if (credits.available >= cost) {
    return texts.letters.costCredit(format.counted(cost, credit), format.counted(credits.available, credit));
  }
  return credits.extra === null
    ? texts.letters.costNone
    : texts.letters.costCard(format.money(credits.extra));
}
