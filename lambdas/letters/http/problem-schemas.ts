/** The schemas of the problems that only the letters app answers, and of those that say more here than elsewhere. */
import * as z from 'zod/mini';
import { type Schema } from '../../http/contract.ts';
import { CreditsUsedUp, type OwnProblems, problemSchema } from '../../http/problem-schemas.ts';
import { type ProblemCode } from '../../http/problems.ts';
import { Count, Price } from '../../http/schemas.ts';
import { DELIVERY_STATUSES } from '../domain/deliveries.ts';
import * as problems from './problems.ts';

const payment = {
  deliveryId: '91b7e0a2c3d44f5f8a6b7c8d9e0f1a2b',
  price: { amountCents: 300, currency: 'usd' },
} as const;
const CLIENT_SECRET = 'pi_3PqLk2eZvKYlo2C0_secret_8Ht1';
const figures = { deliveryId: z.string(), price: Price };

/** Two operations answer these, about a delivery or about a change of plan: what only one of them says is optional. */
const either = {
  deliveryId: z.optional(z.string()),
  price: z.optional(Price),
  changeId: z.optional(z.string()),
};

export const LETTERS_PROBLEMS = {
  payment_method_required: problemSchema(problems.paymentMethodRequired(payment), figures),
  payment_failed: problemSchema(problems.paymentFailed(payment, 'insufficient_funds'), {
    ...either,
    declineCode: z.nullable(z.string()),
  }),
  payment_action_required: problemSchema(problems.paymentActionRequired(payment, CLIENT_SECRET), {
    ...either,
    clientSecret: z.string(),
  }),
} as const satisfies Partial<Record<ProblemCode, Schema>>;

export const LETTERS_OWN_PROBLEMS: OwnProblems = {
  createDelivery: {
    insufficient_credits: CreditsUsedUp,
    illegal_transition: problemSchema(
      problems.letterIsFull(20),
      { openDeliveries: Count },
      'LetterIsFullProblem',
    ),
    payment_failed: problemSchema(
      problems.paymentFailed(payment, 'insufficient_funds'),
      { ...figures, declineCode: z.nullable(z.string()) },
      'MailPaymentFailedProblem',
    ),
    payment_action_required: problemSchema(
      problems.paymentActionRequired(payment, CLIENT_SECRET),
      { ...figures, clientSecret: z.string() },
      'MailPaymentActionRequiredProblem',
    ),
  },
  deleteLetter: {
    illegal_transition: problemSchema(
      problems.letterHasOpenDeliveries(2),
      { openDeliveries: Count },
      'LetterHasOpenDeliveriesProblem',
    ),
  },
  cancelDelivery: {
    illegal_transition: problemSchema(
      problems.notCancellable('sent'),
      { deliveryStatus: z.enum(DELIVERY_STATUSES) },
      'NotCancellableProblem',
    ),
  },
};
