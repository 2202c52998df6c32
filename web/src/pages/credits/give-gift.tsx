import { type ReactElement, useState } from 'react';
import { answerOf } from '../../api/client.ts';
import { OWN } from '../../api/reads.ts';
import type { Schemas } from '../../api/schemas.ts';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { format } from '../../format/reader.ts';
import { DraftForm } from '../../forms/draft-form.tsx';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';

const EMPTY = { count: '1' };

/** Puts bought credits into a code. */
export function GiveGift({ most }: { most: number }): ReactElement {
  const { api } = usePage();
  return (
    <DraftForm
      name="gift"
      empty={EMPTY}
      changes={OWN}
      button={texts.credits.giveButton}
      send={({ count }, key) =>
        answerOf(
          api.letters.POST('/credits/gifts', {
            params: { header: { 'Idempotency-Key': key } },
            body: { count: Number(count) },
          }),
        )
      }
      done={(gift) => <GiftCode gift={gift} />}
    >
      {({ values, change }) => (
        <>
          <p className="soft">{texts.credits.giveHelp}</p>
          <Field
            label={texts.credits.giveCount}
            type="number"
            min="1"
            value={values.count}
            onChange={(count) => change({ count })}
            isRequired
            hint={most === 0 ? texts.credits.giveNone : texts.credits.giveMost(format.count(most))}
          />
        </>
      )}
    </DraftForm>
  );
}

function GiftCode({ gift: { code, expiresAt } }: { gift: Schemas['Gift'] }): ReactElement {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(code);
    setCopied(true);
  };
  return (
    <Notice tone="good" title={texts.credits.code} isLive>
      <p className="code">{code}</p>
      <p className="small">{texts.credits.giftUntil(format.day(expiresAt))}</p>
      <div>
        <button type="button" className="button button-small" onClick={() => void copy()}>
          {isCopied ? texts.credits.copied : texts.credits.copy}
        </button>
      </div>
    </Notice>
  );
}
