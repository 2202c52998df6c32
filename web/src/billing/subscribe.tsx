import { type ReactElement, useState } from 'react';
import { isDecided } from '../api/failure.ts';
import { answerOf } from '../api/client.ts';
import type { CataloguePlan } from '../catalogue/use-catalogue.ts';
import { Submitting } from '../forms/submitting.tsx';
import { useSubmission } from '../forms/use-submission.ts';
import { usePage } from '../page-context.ts';
import { texts } from '../texts/texts.ts';
import { rememberCheckout, useCheckoutPlace } from './begun-checkout.ts';
import { BusyButton } from '../components/busy-button.tsx';

interface SubscribeProps {
  plan: CataloguePlan;
  interval: 'month' | 'year';
}

/** Leads to Stripe's page. Whoever comes back from it without paying begins another one. */
export function Subscribe({ plan, interval }: SubscribeProps): ReactElement {
  const { api } = usePage();
  const place = useCheckoutPlace();
  const [key, setKey] = useState(() => crypto.randomUUID());
  const submission = useSubmission(
    () =>
      answerOf(
        api.letters.POST('/billing/checkout-sessions', {
          params: { header: { 'Idempotency-Key': `${key}-${plan.id}-${interval}` } },
          body: { plan: plan.id, interval },
        }),
      ),
    ({ url }) => {
      rememberCheckout(place, { kind: 'plan', plan: plan.id });
      window.location.assign(url);
    },
    (failure) => {
      if (isDecided(failure)) {
        setKey(crypto.randomUUID());
      }
    },
  );
  return (
    <div className="stack-tight">
      <BusyButton
        label={texts.plans.subscribe(plan.title)}
        isBusy={submission.isBusy}
        className="button button-primary"
        onPress={() => submission.submit(null)}
      />
      <Submitting submission={submission} />
    </div>
  );
}
