import { stripeEvents } from '../../jobs/stripe-events.ts';
import { EVENT_HANDLERS } from '../commands/stripe-event-handlers.ts';

export const handler = stripeEvents(EVENT_HANDLERS);
