import type { ReactElement } from 'react';
import { answerOf } from '../../api/client.ts';
import { OWN } from '../../api/reads.ts';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { DraftForm } from '../../forms/draft-form.tsx';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';

const EMPTY = { title: '', body: '' };
const LONGEST_TITLE = 200;

/** Each letter counts, so each form makes one letter. */
export function WriteForm(): ReactElement {
  const { api } = usePage();
  return (
    <DraftForm
      name="letter"
      empty={EMPTY}
      changes={OWN}
      button={texts.letters.save}
      isPrimary
      send={(body, key) =>
        answerOf(api.letters.POST('/letters', { params: { header: { 'Idempotency-Key': key } }, body }))
      }
      done={() => <Notice tone="good" title={texts.letters.saved} isLive />}
    >
      {({ values, change, faults }) => (
        <>
          <Field
            label={texts.letters.letterTitle}
            value={values.title}
            onChange={(title) => change({ title })}
            error={faults.get('title')}
            maxLength={LONGEST_TITLE}
            isRequired
          />
          <Field
            label={texts.letters.letterBody}
            value={values.body}
            onChange={(body) => change({ body })}
            error={faults.get('body')}
            hint={texts.letters.draftKept}
            isMultiline
            isRequired
          />
        </>
      )}
    </DraftForm>
  );
}
