import type { ReactElement } from 'react';
import type { Schemas } from '../../api/schemas.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { Notice } from '../../components/notice.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';
import './usage.css';

interface CreditKindsProps {
  credits: Schemas['CreditsSummary'];
  withheld: number;
}

/** The balance, and what it is made of in the order in which it is spent. */
export function CreditKinds({ credits, withheld }: CreditKindsProps): ReactElement {
  const { credit } = useWords();
  const { available, included, lots, purchased, owed, resetsAt } = credits;
  const title = available === 1 ? credit.one : credit.many;
  return (
    <div className="stack">
      <p className="balance">
        <strong>{format.count(available)}</strong> {title} {texts.credits.available}
      </p>
      <ol className="kinds" aria-label={texts.credits.order}>
        {lots.map((lot) => (
          <li key={lot.expiresAt}>
            <span>{texts.credits.carried}</span>
            <strong>{format.count(lot.credits)}</strong>
            <span className="soft">{texts.credits.carriedExpires(format.instant(lot.expiresAt))}</span>
          </li>
        ))}
        <li>
          <span>{texts.credits.included}</span>
          <strong>{format.count(included)}</strong>
          <span className="soft">{texts.credits.includedResets(format.instant(resetsAt))}</span>
        </li>
        <li>
          <span>{texts.credits.purchased}</span>
          <strong>{format.count(purchased)}</strong>
          <span className="soft">{texts.credits.purchasedLasts}</span>
        </li>
      </ol>
      {available === 0 && purchased > owed && <Notice tone="info" title={texts.credits.subscribeToUse} />}
      {withheld > 0 && (
        <Notice tone="warn" title={texts.credits.withheld}>
          <p>{texts.credits.withheldHelp(format.counted(withheld, credit))}</p>
        </Notice>
      )}
      {owed > 0 && (
        <Notice tone="warn" title={texts.credits.owed}>
          <p>{texts.credits.owedHelp(format.counted(owed, credit))}</p>
        </Notice>
      )}
    </div>
  );
}
