import type { ReactElement } from 'react';
import { answerOf } from '../../api/client.ts';
import type { Schemas } from '../../api/schemas.ts';
import { ConfirmedAction } from '../../components/confirmed-action.tsx';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';

/** Cancelling again changes nothing, so it needs no key. */
export function CancelDelivery({ delivery }: { delivery: Schemas['Delivery'] }): ReactElement {
  const { api } = usePage();
  const { id, status, paidWith } = delivery;
  const { letters } = texts;
  return (
    <ConfirmedAction
      button={letters.cancel}
      isOffered={status === 'scheduled' || status === 'pending_payment'}
      className="button button-quiet button-small"
      title={letters.cancelTitle}
      confirm={letters.cancelNow}
      keep={letters.keepIt}
      send={() => answerOf(api.letters.DELETE('/deliveries/{id}', { params: { path: { id } } }))}
    >
      <p>{letters.cancelHelp[paidWith]}</p>
    </ConfirmedAction>
  );
}
