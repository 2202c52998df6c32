import { type ReactElement, useState } from 'react';
import { answerOf } from '../api/client.ts';
import type { CataloguePlan } from '../catalogue/use-catalogue.ts';
import { Submitting } from '../forms/submitting.tsx';
import { useSubmission } from '../forms/use-submission.ts';
import { usePage } from '../page-context.ts';
import { texts } from '../texts/texts.ts';
import { rememberCheckout } from './begun-checkout.ts';

interface SubscribeProps {
  plan: CataloguePlan;
  interval: 'month' | 'year';
}

/** Leads to Stripe's page. Whoever comes back from it without paying begins another one. */
export function Subscribe({ plan, interval }: SubscribeProps): ReactElement {
  const { api } = usePage();
  const [key] = useState(() => crypto.randomUUID());
  const submission = useSubmission(
    () =>
      answerOf(
        api.letters.POST('/billing/checkout-sessions', {
          params: { header: { 'Idempotency-Key': key } },
          body: { plan: plan.id, interval },
        }),
      ),
    ({ url }) => {
      rememberCheckout({ kind: 'plan', plan: plan.id });
      window.location.assign(url);
    },
  );
  return (
    <div className="stack-tight">
      <button
        type="button"
        className="button button-primary"
        aria-disabled={submission.isBusy}
        onClick={() => submission.submit(null)}
      >
        {submission.isBusy ? texts.states.sending : texts.plans.subscribe(plan.title)}
      </button>
      <Submitting submission={submission} />
    </div>
  );
}
