import { OPEN_INPUT } from '../../../http/contracts/docs.ts';
import { contract } from '../contract.ts';

export const getPayPage = contract('GET /docs/pay', {
  ...OPEN_INPUT,
  operationId: 'getPayPage',
  summary: 'A page that pays for a mail by card',
  description:
    'An example for apps: it schedules a delivery with the token of a user, and lets the holder of a card authenticate with Stripe.js where the bank asks for it.',
  answers: { 200: { description: 'The page', mediaTypes: ['text/html'] } },
  problems: [],
});

export const LETTERS_DOCS_CONTRACTS = [getPayPage];
