import * as z from 'zod/mini';
import { MOVEMENT_KINDS } from '../../domain/credits.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { Count, Instant, named, page, PageQuery } from '../schemas.ts';

export const MovementKindName = z.enum(MOVEMENT_KINDS);

export const CreditsSummary = named(
  'CreditsSummary',
  z.strictObject({
    available: Count,
    included: Count,
    carried: Count,
    purchased: Count,
    owed: Count,
    granted: Count,
    used: Count,
    expired: Count,
    takenBack: Count,
    resetsAt: Instant,
  }),
  {
    description:
      'The first four are what is left, in total and by kind. `granted`, `used`, `expired` and `takenBack` count over the whole life of the account: available = granted - used - expired - takenBack. `owed`: credits that were refunded after the user had spent them.',
  },
);

const LedgerEntry = named(
  'LedgerEntry',
  z.strictObject({
    id: z.string(),
    at: Instant,
    kind: MovementKindName,
    amount: z.int(),
    balanceAfter: z.int(),
    source: z.string(),
  }),
  { description: 'One movement of credits. The amount is signed.' },
);

const LedgerPage = named('LedgerPage', page(LedgerEntry));

export const getCredits = contract('GET /credits', {
  ...NO_INPUT,
  summary: 'Credits',
  description: 'What is left, and the lifetime counters.',
  answers: { 200: { description: 'The credits', schema: CreditsSummary } },
  problems: [],
});

export const getLedger = contract('GET /credits/ledger', {
  ...NO_INPUT,
  summary: 'The ledger of credits',
  description: 'Every movement, newest first, with the balance after it.',
  query: PageQuery,
  answers: { 200: { description: 'A page of the ledger', schema: LedgerPage } },
  problems: [],
});

export const CREDIT_CONTRACTS = [getCredits, getLedger];
