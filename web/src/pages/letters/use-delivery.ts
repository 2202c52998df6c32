import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf } from '../../api/client.ts';
import type { Schemas } from '../../api/schemas.ts';
import { type Failure, isDecided, problemIn } from '../../api/failure.ts';
import { OWN } from '../../api/reads.ts';
import { askBank } from '../../billing/stripe-js.ts';
import type { Price } from '../../format/format.ts';
import type { Draft } from '../../forms/use-draft.ts';
import { type Submission, useSubmission } from '../../forms/use-submission.ts';
import { usePage } from '../../page-context.ts';
import { type OrderForm, orderOf } from './order.ts';

/** How far a form has come. */
export type DeliveryStep =
  | { at: 'form' }
  /** No credits are left, and a card could pay. Nothing is charged before its holder says so. */
  | { at: 'price'; price: Price }
  | { at: 'bank' }
  | { at: 'bank'; isImpossible: true }
  /** Its user wants no more tries. Whether an earlier one got through, only the API knows. */
  | { at: 'stopped' }
  | { at: 'scheduled'; delivery: Schemas['Delivery']; hasMore: boolean };

/** Whether a card may pay. */
interface Payment {
  payAsYouGo: boolean;
}

type Again = (payment: Payment) => void;

interface DeliveryForm {
  step: DeliveryStep;
  submission: Submission<Payment>;
  back: () => void;
  /** Pays nothing: closes the dialog, and ends its tries. */
  decline: () => void;
}

/** Schedules what a form says: at most one delivery and one charge for each key. */
export function useDelivery(draft: Draft<OrderForm>): DeliveryForm {
  const { api, config } = usePage();
  const queries = useQueryClient();
  const [step, setStep] = useState<DeliveryStep>({ at: 'form' });

  const askHolder = async (clientSecret: string, again: Again): Promise<void> => {
    setStep({ at: 'bank' });
    const outcome = await askBank(config, clientSecret).catch(() => 'not possible' as const);
    if (outcome === 'answered') {
      // The same request under the same key tells how it went.
      again({ payAsYouGo: true });
    } else {
      setStep({ at: 'bank', isImpossible: true });
    }
  };

  const afterFailure = (failure: Failure, { payAsYouGo }: Payment, again: Again): void => {
    const used = problemIn(failure, 'insufficient_credits');
    const action = problemIn(failure, 'payment_action_required');
    if (used?.price !== undefined && used.price !== null && !payAsYouGo) {
      setStep({ at: 'price', price: used.price });
    } else if (action !== null) {
      void askHolder(action.clientSecret, again);
    } else {
      setStep({ at: 'form' });
    }
    // What is refused tells that the figures on the page are older than the account.
    void queries.invalidateQueries({ queryKey: OWN });
    if (isDecided(failure)) {
      draft.renewKey();
    }
  };

  const submission = useSubmission(
    ({ payAsYouGo }: Payment) => {
      draft.hold();
      return answerOf(
        api.letters.POST('/deliveries', {
          params: { header: { 'Idempotency-Key': draft.key } },
          body: orderOf(draft.values, payAsYouGo),
        }),
      );
    },
    (delivery) => {
      setStep({ at: 'scheduled', delivery, hasMore: draft.finish() });
      void queries.invalidateQueries({ queryKey: OWN });
    },
    afterFailure,
  );
  return {
    step,
    submission,
    back: () => {
      submission.reset();
      setStep({ at: 'form' });
    },
    decline: () => {
      const { waiting } = submission;
      submission.leave(() => {
        submission.reset();
        setStep({ at: waiting === null ? 'form' : 'stopped' });
        void queries.invalidateQueries({ queryKey: OWN });
      });
    },
  };
}
