import * as z from 'zod/mini';
import { contract, NO_INPUT } from '../contract.ts';
import { Count, Day, Instant, line, named, page, PageQuery, UserId } from '../schemas.ts';
import { LedgerPage, MovementKindName } from './credits.ts';
import { runFigures } from './cron.ts';
import { listNearingUsers } from './nearing.ts';

export const USER_PATH = { params: z.strictObject({ userId: UserId }) };

const LedgerProof = named(
  'LedgerProof',
  z.object({
    userId: z.string(),
    holds: z.boolean(),
    movements: Count,
    lines: z.array(z.object({ field: z.string(), account: z.int(), expected: z.int() })),
  }),
  {
    description:
      'Each figure of the account, and what the `movements` of its ledger or its other figures add up to. `holds`: all of them are equal.',
    example: {
      userId: 'auth0|ada',
      holds: true,
      movements: 2,
      lines: [{ field: 'available', account: 4, expected: 4 }],
    },
  },
);

const MOST_CREDITS = 10_000;

const NewCreditAdjustment = named(
  'NewCreditAdjustment',
  z.strictObject({
    amount: z.int().check(
      z.gte(-MOST_CREDITS),
      z.lte(MOST_CREDITS),
      z.refine((amount) => amount !== 0, 'Expected an amount other than 0.'),
    ),
    reason: line(500),
  }),
  {
    description: 'Credits to give (above 0) or to take (below 0), and why.',
    example: { amount: 2, reason: 'Two were lost.' },
  },
);

const CreditAdjustment = named(
  'CreditAdjustment',
  z.object({
    id: z.string(),
    at: Instant,
    kind: MovementKindName,
    amount: z.int(),
    source: z.string(),
    actor: z.string(),
    reason: z.string(),
    available: Count,
  }),
  {
    description:
      'The movement in the ledger. `available`: what is there now. Given credits first pay what the user owes.',
    example: {
      id: '5c1d2e3f4a5b46c7d8e9f0a1b2c3d4e5',
      at: '2026-11-24T09:00:00.000Z',
      kind: 'adjustment_up',
      amount: 2,
      source: 'adjustment',
      actor: 'auth0|owner',
      reason: 'Two were lost.',
      available: 4,
    },
  },
);

const exampleItem = {
  kind: 'USAGE',
  key: 'USAGE#3f2a9c5d8e7b41f0a6c4d2e1b0f98a76',
  data: { consumed: { exports: 1 }, createdAt: 1_795_510_800_000 },
};

const ExportedItem = named(
  'ExportedItem',
  z.object({ kind: z.string(), key: z.string(), data: z.record(z.string(), z.unknown()) }),
  { example: exampleItem },
);

const ExportPage = named('ExportPage', page(ExportedItem), {
  description:
    'Everything that Postage keeps about a user, as it keeps it: instants are milliseconds since 1970 in UTC. A page can have fewer items than you asked for. The last page has no `nextCursor`.',
  example: {
    items: [exampleItem],
    nextCursor: null,
  },
});

const Erasure = named(
  'Erasure',
  z.object({
    erased: z.boolean(),
    stripe: z.optional(
      z.object({ customerId: z.nullable(z.string()), subscriptionId: z.nullable(z.string()) }),
    ),
  }),
  {
    description:
      '`erased: false`: the account is closed, and some records are left. Send the request again, after five minutes if a charge has to be refunded first. `stripe`: the customer whom Stripe may still charge. Only the request that closes the account shows it; the audit trail keeps it.',
    example: {
      erased: true,
      stripe: { customerId: 'cus_RkT1b2c3d4e5f6', subscriptionId: 'sub_1QabcdLkdIwHu7ix' },
    },
  },
);

const auditQuery = (types: readonly string[]) =>
  z
    .extend(PageQuery, { date: z.optional(Day), type: z.optional(z.enum(types)), user: z.optional(UserId) })
    .check(
      z.refine(({ date, user }) => date !== undefined || user !== undefined, {
        error: 'Expected a date, a user, or both.',
        path: ['date'],
      }),
    );

const exampleEvent = {
  id: 'CreditsAdjusted:5c1d2e3f4a5b46c7d8e9f0a1b2c3d4e5',
  at: '2026-11-24T09:00:00.000Z',
  type: 'CreditsAdjusted',
  actor: 'auth0|owner',
  userId: 'auth0|ada',
  reason: 'Two were lost.',
  data: { amount: 2 },
};

const AuditEvent = named(
  'AuditEvent',
  z.object({
    id: z.string(),
    at: Instant,
    type: z.string(),
    actor: z.string(),
    userId: z.optional(z.string()),
    reason: z.optional(z.string()),
    data: z.record(z.string(), z.unknown()),
  }),
  { example: exampleEvent },
);

const AuditPage = named('AuditPage', page(AuditEvent), {
  description:
    'Newest first: who did what to whom, when and why. `actor` is the `sub` of a token, or `postage:<part>` for what Postage did itself. A page of a rare type can have fewer items than you asked for, and still a `nextCursor`.',
  example: {
    items: [exampleEvent],
    nextCursor: null,
  },
});

const runRecord = { ...runFigures, brokenShards: Count, executionId: z.string() };

/** A run in the audit trail, which has more that nobody outside needs. */
export const RunRecord = z.object(runRecord);

const exampleRun = {
  totalProcessed: 1_000,
  successCount: 1_000,
  errorCount: 0,
  errorRate: 0,
  processingTimeMs: 4_200,
  brokenShards: 0,
  executionId: '5f0c6b1e-7d53-4f0a-9f0d-2b7c1d9e8a34',
  at: '2026-12-01T00:00:04.200Z',
};

const RolloverRun = named('RolloverRun', z.object({ ...runRecord, at: Instant }), { example: exampleRun });

const RolloverPage = named('RolloverPage', page(RolloverRun), {
  description: 'Runs of the rollover by their time (`at`), newest first.',
  example: {
    items: [exampleRun],
    nextCursor: null,
  },
});

const CatalogueInForce = named(
  'CatalogueInForce',
  z.object({
    since: z.nullable(Instant),
    version: z.nullable(Count),
    fingerprint: z.nullable(z.string()),
    catalogue: z.record(z.string(), z.unknown()),
    lastDiff: z.nullable(z.object({ at: Instant, accounts: Count, gaining: Count, losing: Count })),
  }),
  {
    description:
      '`catalogue`: what the owner has written, as it was deployed. `since`, `version` and `fingerprint` are null if no deployment has recorded it. `lastDiff`: how many accounts `npm run catalogue -- diff` has compared, and how many of them would gain or lose something; an account may do both.',
    example: {
      since: '2026-11-24T09:00:00.000Z',
      version: 3,
      fingerprint: '0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9',
      catalogue: {
        meters: { exports: { title: ['export', 'exports'] } },
        plans: [{ id: 'free', title: 'Free', limits: { exports: 5 } }],
      },
      lastDiff: { at: '2026-11-23T15:30:00.000Z', accounts: 1_207, gaining: 1_100, losing: 0 },
    },
  },
);

const Checks = named(
  'Checks',
  z.object({
    stripe: z.nullable(
      z.object({
        at: Instant,
        differences: z.array(z.object({ says: z.string(), mend: z.string() })),
      }),
    ),
  }),
  {
    description:
      '`stripe`: what the last daily check of the account at Stripe has found, and how to mend it. `null` before the first check, and as long as nobody has set the keys of Stripe.',
    example: {
      stripe: {
        at: '2026-11-24T09:00:00.000Z',
        differences: [
          {
            says: 'The price price_1QabcdLkdIwHu7ix of postage_pro_month is archived.',
            mend: 'npm run stripe -- setup: It activates it.',
          },
        ],
      },
    },
  },
);

export const getUserLedger = contract('GET /admin/users/{userId}/ledger', {
  ...NO_INPUT,
  ...USER_PATH,
  operationId: 'listLedgerOfUser',
  summary: 'The ledger of a user',
  description:
    'Every movement, newest first, with the balance after it. The audit trail records each page that you read.',
  query: PageQuery,
  answers: { 200: { description: 'A page of the ledger', schema: LedgerPage } },
  problems: ['not_found'],
});

export const getLedgerProof = contract('GET /admin/users/{userId}/ledger-proof', {
  ...NO_INPUT,
  ...USER_PATH,
  operationId: 'proveLedger',
  summary: "The proof of a user's books",
  description:
    'Adds up the ledger and compares it with the account, field by field. The audit trail records that you read it.',
  answers: { 200: { description: 'The proof', schema: LedgerProof } },
  problems: ['not_found'],
});

export const adjustCredits = contract('POST /admin/users/{userId}/credit-adjustments', {
  ...NO_INPUT,
  ...USER_PATH,
  operationId: 'adjustCredits',
  summary: "Correct a user's credits",
  description:
    'Gives purchased credits, or takes purchased, then included, then carried ones. It never takes more than are available: 409 `illegal_transition` with `available`. The ledger and the audit trail show who did it and why.',
  body: NewCreditAdjustment,
  idempotencyKey: 'required',
  answers: { 201: { description: 'The movement', schema: CreditAdjustment, hasLocation: true } },
  problems: ['not_found', 'illegal_transition'],
});

export const exportUser = contract('GET /admin/users/{userId}/export', {
  ...NO_INPUT,
  ...USER_PATH,
  operationId: 'exportUser',
  summary: 'Everything that is kept about a user',
  description: 'For a request of access (GDPR, article 15). The audit trail records each page that you read.',
  query: PageQuery,
  answers: { 200: { description: 'A page of it', schema: ExportPage } },
  problems: ['not_found'],
});

export const eraseUser = contract('DELETE /admin/users/{userId}', {
  ...NO_INPUT,
  ...USER_PATH,
  operationId: 'eraseUser',
  summary: 'Erase a user',
  description:
    'For a request of erasure (GDPR, article 17). You cannot undo it. The account refuses everything at once, and then all records go. Statistics, an anonymous ledger and the audit trail stay. A user with many records takes several requests. **Postage cancels nothing at Stripe**: the answer names the customer and the subscription. Delete them there.',
  answers: {
    200: { description: 'Nothing is left but the name and the time of the erasure', schema: Erasure },
    202: { description: 'Send it again to go on', schema: Erasure, hasLocation: true },
  },
  problems: ['not_found'],
});

/** @param types what the trail tells of in the core, and in the app on top of it */
export const listAuditEventsOf = (types: readonly string[]) =>
  contract('GET /admin/audit-events', {
    ...NO_INPUT,
    operationId: 'listAuditEvents',
    summary: 'The audit trail',
    description:
      'For a UTC day, a user, or both, and for one type if you give one. The trail records that you read it.',
    query: auditQuery(types),
    answers: { 200: { description: 'A page of it', schema: AuditPage } },
    problems: [],
  });

export const listRollovers = contract('GET /admin/rollovers', {
  ...NO_INPUT,
  operationId: 'listRollovers',
  summary: 'Runs of the rollover',
  description: 'The runs of a UTC day. Without a day, those of the last 30 days.',
  query: z.extend(PageQuery, { date: z.optional(Day) }),
  answers: { 200: { description: 'A page of runs', schema: RolloverPage } },
  problems: [],
});

export const getCatalogueInForce = contract('GET /admin/catalogue', {
  ...NO_INPUT,
  operationId: 'getCatalogueInForce',
  summary: 'The catalogue in force',
  description:
    'With the instant from which it holds, and what the last comparison with another one has found.',
  answers: { 200: { description: 'The catalogue', schema: CatalogueInForce } },
  problems: [],
});

export const getChecks = contract('GET /admin/checks', {
  ...NO_INPUT,
  operationId: 'getChecks',
  summary: 'What the last checks have found',
  description: 'A check runs every day, and raises an alarm when it finds something.',
  answers: { 200: { description: 'The checks', schema: Checks } },
  problems: [],
});

export const ADMIN_CONTRACTS = [
  listNearingUsers,
  getUserLedger,
  getLedgerProof,
  adjustCredits,
  exportUser,
  eraseUser,
  listRollovers,
  getCatalogueInForce,
  getChecks,
];
