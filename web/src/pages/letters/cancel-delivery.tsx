import type { ReactElement } from 'react';
import { answerOf } from '../../api/client.ts';
import { useAccount } from '../../api/reads.ts';
import type { Schemas } from '../../api/schemas.ts';
import { ConfirmedAction } from '../../components/confirmed-action.tsx';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';

/** Cancelling again changes nothing, so it needs no key. */
export function CancelDelivery({ delivery }: { delivery: Schemas['Delivery'] }): ReactElement {
  const { api } = usePage();
  const { data: account } = useAccount();
  const { id, status, paidWith, createdAt } = delivery;
  const { letters } = texts;
  const isOfThisPeriod =
    account !== undefined && Date.parse(createdAt) >= Date.parse(account.period.startsAt);
  const help = paidWith === 'credit' && !isOfThisPeriod ? 'creditBefore' : paidWith;
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
      <p>{letters.cancelHelp[help]}</p>
    </ConfirmedAction>
  );
}
