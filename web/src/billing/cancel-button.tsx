import type { ReactElement } from 'react';
import { answerOf } from '../api/client.ts';
import { ConfirmedAction } from '../components/confirmed-action.tsx';
import { format } from '../format/reader.ts';
import { usePage } from '../page-context.ts';
import { texts } from '../texts/texts.ts';

/** Cancels at the end of the period. */
export function CancelButton({ endsAt }: { endsAt: string }): ReactElement {
  const { api } = usePage();
  return (
    <ConfirmedAction
      button={texts.plan.cancel}
      className="button button-small"
      title={texts.plan.cancelTitle}
      confirm={texts.plan.cancelNow}
      keep={texts.plan.keepIt}
      send={(key) =>
        answerOf(
          api.letters.POST('/billing/cancellation', { params: { header: { 'Idempotency-Key': key } } }),
        )
      }
    >
      <p>{texts.plan.cancelHelp(format.instant(endsAt))}</p>
    </ConfirmedAction>
  );
}
