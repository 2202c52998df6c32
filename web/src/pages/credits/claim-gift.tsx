import type { ReactElement } from 'react';
import { answerOf } from '../../api/client.ts';
import { OWN } from '../../api/reads.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { format } from '../../format/reader.ts';
import { DraftForm } from '../../forms/draft-form.tsx';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';

const EMPTY = { code: '' };

/** Takes the credits of a gift. */
export function ClaimGift(): ReactElement {
  const { api } = usePage();
  const { credit } = useWords();
  return (
    <DraftForm
      name="claim"
      empty={EMPTY}
      changes={OWN}
      button={texts.credits.claimButton}
      send={({ code }, key) =>
        answerOf(
          api.letters.POST('/credits/gifts/{code}/redemption', {
            params: { path: { code: code.trim() }, header: { 'Idempotency-Key': key } },
          }),
        )
      }
      done={({ count }) => (
        <Notice tone="good" title={texts.credits.claimed(format.counted(count, credit))} isLive />
      )}
    >
      {({ values, change }) => (
        <Field
          label={texts.credits.claimCode}
          value={values.code}
          onChange={(code) => change({ code })}
          isRequired
          maxLength={40}
        />
      )}
    </DraftForm>
  );
}
