import { useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { answerOf } from '../../api/client.ts';
import type { Schemas } from '../../api/schemas.ts';
import { usesUpKey } from '../../api/failure.ts';
import { OWN } from '../../api/reads.ts';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { format } from '../../format/reader.ts';
import { Submitting } from '../../forms/submitting.tsx';
import { useDraft } from '../../forms/use-draft.ts';
import { useSubmission } from '../../forms/use-submission.ts';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';

const EMPTY = { count: '1' };

/** Puts bought credits into a code. */
export function GiveGift({ most }: { most: number }): ReactElement {
  const { api } = usePage();
  const queries = useQueryClient();
  const draft = useDraft('gift', EMPTY);
  const [gift, setGift] = useState<Schemas['Gift'] | null>(null);
  const submission = useSubmission(
    () =>
      answerOf(
        api.letters.POST('/credits/gifts', {
          params: { header: { 'Idempotency-Key': draft.key } },
          body: { count: Number(draft.values.count) },
        }),
      ),
    (made) => {
      setGift(made);
      draft.clear();
      void queries.invalidateQueries({ queryKey: OWN });
    },
    (failure) => (usesUpKey(failure) ? draft.renewKey() : undefined),
  );
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        submission.submit(null);
      }}
    >
      <p className="soft">{texts.credits.giveHelp}</p>
      <Field
        label={texts.credits.giveCount}
        type="number"
        min="1"
        value={draft.values.count}
        onChange={(count) => draft.change({ count })}
        isRequired
        hint={texts.credits.giveMost(format.count(most))}
      />
      <div>
        <button type="submit" className="button" aria-disabled={submission.isBusy}>
          {submission.isBusy ? texts.states.sending : texts.credits.giveButton}
        </button>
      </div>
      <Submitting submission={submission} />
      {gift !== null && <GiftCode gift={gift} />}
    </form>
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
