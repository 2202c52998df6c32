import type { ReactElement } from 'react';
import { answerOf } from '../api/client.ts';
import type { Schemas } from '../api/schemas.ts';
import { ConfirmedAction } from '../components/confirmed-action.tsx';
import { format } from '../format/reader.ts';
import { usePage } from '../page-context.ts';
import { texts } from '../texts/texts.ts';
import { isSubscribed } from './is-subscribed.ts';

interface CancelButtonProps {
  account: Schemas['Account'];
  billing: Schemas['Billing'];
}

/** Cancels at the end of what has been paid; at once where Stripe has given the subscription up. */
export function CancelButton({ account, billing }: CancelButtonProps): ReactElement {
  const { api } = usePage();
  const { plan } = texts;
  const { isStalled } = billing;
  return (
    <ConfirmedAction
      button={isStalled ? plan.end : plan.cancel}
      className="button button-small"
      title={isStalled ? plan.endTitle : plan.cancelTitle}
      confirm={isStalled ? plan.endNow : plan.cancelNow}
      keep={plan.keepIt}
      send={(key) =>
        answerOf(
          api.letters.POST('/billing/cancellation', { params: { header: { 'Idempotency-Key': key } } }),
        )
      }
    >
      <p>{helpOf(account, billing)}</p>
    </ConfirmedAction>
  );
}

function helpOf(account: Schemas['Account'], { isStalled, periodEndsAt }: Schemas['Billing']): string {
  const { plan } = texts;
  if (isStalled) {
    return plan.endHelp;
  }
  if (!isSubscribed(account) && periodEndsAt !== null) {
    return plan.endsAt(format.instant(periodEndsAt));
  }
  return `${staysUntil(account, periodEndsAt)} ${plan.creditsAfter}`;
}

function staysUntil({ graceEndsAt }: Schemas['Account'], periodEndsAt: string | null): string {
  const { plan } = texts;
  if (periodEndsAt === null) {
    return plan.staysWhilePaid;
  }
  const at = format.instant(periodEndsAt);
  return graceEndsAt !== undefined && Date.parse(graceEndsAt) < Date.parse(periodEndsAt)
    ? plan.staysInGrace(format.instant(graceEndsAt), at)
    : plan.stays(at);
}
