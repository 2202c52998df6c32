import { problem, type Problem, rateLimited } from '../../http/problems.ts';
import { type Instant } from '../../domain/instants.ts';
import { type Price } from '../../domain/catalogue.ts';
import { type DeliveryStatus } from '../domain/deliveries.ts';
import { LARGE_TEXT_BYTES } from '../domain/letters.ts';

export function letterHasOpenDeliveries(openDeliveries: number): Problem {
  const detail =
    'The letter has open deliveries. ?cancelDeliveries=true cancels the scheduled ones. Cancel those that wait for their payment one by one. Those on their way have to end first.';
  return problem('illegal_transition', detail, { openDeliveries });
}

export function tooManyLargeTexts(limit: number, resetsAt: Instant, now: Instant): Problem {
  const detail = `A user can send at most ${limit} texts of more than ${LARGE_TEXT_BYTES} bytes a minute.`;
  return rateLimited(detail, { limit, resetsAt }, now);
}

export function letterIsFull(openDeliveries: number): Problem {
  const detail = `The letter has ${openDeliveries} open deliveries, and takes another when one of them has ended.`;
  return problem('illegal_transition', detail, { openDeliveries });
}

/** Nobody can cancel the delivery any more, or not yet. */
export function notCancellable(deliveryStatus: DeliveryStatus): Problem {
  const detail = `A delivery that is ${deliveryStatus} cannot be cancelled.`;
  return problem('illegal_transition', detail, { deliveryStatus });
}

/** A delivery that no card has paid for. */
export interface ProblemOfPayment {
  deliveryId: string;
  price: Price;
}

function figuresOf({ deliveryId, price }: ProblemOfPayment): Problem['figures'] {
  return { deliveryId, price: { ...price } };
}

export function paymentMethodRequired(payment: ProblemOfPayment): Problem {
  const detail =
    'There is no card that could pay for the mail. Add a default card at Stripe, and try again with another Idempotency-Key.';
  return problem('payment_method_required', detail, figuresOf(payment));
}

export function paymentFailed(payment: ProblemOfPayment, declineCode: string | null): Problem {
  const detail =
    'The card was declined, and nothing was charged. Try again with another Idempotency-Key, with another card or after contacting the bank.';
  return problem('payment_failed', detail, { ...figuresOf(payment), declineCode });
}

export function paymentActionRequired(payment: ProblemOfPayment, clientSecret: string): Problem {
  const detail =
    'The card’s holder has to authenticate: Stripe.js does that with the clientSecret. The delivery waits for 24 hours. The same Idempotency-Key tells how it went.';
  return problem('payment_action_required', detail, { ...figuresOf(payment), clientSecret });
}
