import * as z from 'zod/mini';
import { MOVEMENT_KINDS } from '../../domain/credits.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { Count, Instant, named, page, PageQuery } from '../schemas.ts';

export const MovementKindName = z.enum(MOVEMENT_KINDS);

export const CreditsSummary = named(
  'CreditsSummary',
  z.object({
    available: Count,
    included: Count,
    carried: Count,
    purchased: Count,
    owed: Count,
    granted: Count,
    used: Count,
    expired: Count,
    takenBack: Count,
    lots: z.array(z.object({ credits: Count, expiresAt: Instant })),
    resetsAt: Instant,
  }),
  {
    description:
      'The first four are what is left, in total and by kind. `granted`, `used`, `expired` and `takenBack` count over the whole life of the account: available = granted - used - expired - takenBack. `lots`: the carried credits by when they expire, the next first. `owed`: credits that were refunded after the user had spent them.',
    example: {
      available: 3,
      included: 1,
      carried: 0,
      purchased: 2,
      owed: 0,
      granted: 7,
      used: 4,
      expired: 0,
      takenBack: 0,
      lots: [],
      resetsAt: '2026-12-01T00:00:00.000Z',
    },
  },
);

const exampleEntry = {
  id: '5c1d2e3f4a5b46c7d8e9f0a1b2c3d4e5',
  at: '2026-11-24T09:00:00.000Z',
  kind: 'purchase',
  amount: 5,
  balanceAfter: 7,
  source: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
};

const LedgerEntry = named(
  'LedgerEntry',
  z.object({
    id: z.string(),
    at: Instant,
    kind: MovementKindName,
    amount: z.int(),
    balanceAfter: z.int(),
    source: z.string(),
  }),
  { description: 'One movement of credits. The amount is signed.', example: exampleEntry },
);

export const LedgerPage = named('LedgerPage', page(LedgerEntry), {
  example: { items: [exampleEntry], nextCursor: null },
});

export const getCredits = contract('GET /credits', {
  ...NO_INPUT,
  operationId: 'getCredits',
  summary: 'Credits',
  description: 'What is left, and the lifetime counters.',
  answers: { 200: { description: 'The credits', schema: CreditsSummary } },
  problems: [],
});

export const getLedger = contract('GET /credits/ledger', {
  ...NO_INPUT,
  operationId: 'listLedgerEntries',
  summary: 'The ledger of credits',
  description: 'Every movement, newest first, with the balance after it.',
  query: PageQuery,
  answers: { 200: { description: 'A page of the ledger', schema: LedgerPage } },
  problems: [],
});

export const CREDIT_CONTRACTS = [getCredits, getLedger];
