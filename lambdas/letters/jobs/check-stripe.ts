import { stripeCheck } from '../../jobs/check-stripe.ts';
import { EVENT_HANDLERS } from '../commands/stripe-event-handlers.ts';

export const handler = stripeCheck(EVENT_HANDLERS);
