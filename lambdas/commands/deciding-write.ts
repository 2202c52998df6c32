import { accountKey, countUse, parseAccount, putAccount } from '../adapters/dynamodb/account-item.ts';
import { getItem } from '../adapters/dynamodb/get-item.ts';
import { keyOf, type WireItem } from '../adapters/dynamodb/items.ts';
import { putLedgerLine } from '../adapters/dynamodb/ledger-item.ts';
import { putNew } from '../adapters/dynamodb/put-new.ts';
import { retrying, TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { transactGet } from '../adapters/dynamodb/transact-get.ts';
import {
  againAfter,
  type ItemReason,
  type Reason,
  transact,
  type TransactWriteItem,
} from '../adapters/dynamodb/transact.ts';
import { type Account, type AccountState, firstMovements, newAccount } from '../domain/account.ts';
import { type Movement } from '../domain/credits.ts';
import { type Instant } from '../domain/instants.ts';
import { type Refusal } from '../domain/refusals.ts';
import { rollForward } from '../domain/roll-forward.ts';
import {
  type Charge,
  creditsFor,
  decideUse,
  offeredCosts,
  type Use,
  type UseDecision,
} from '../domain/usage.ts';
import { type Alongside, judgeAlongside } from './alongside.ts';
import { keptPeriodItems, movementId, rollForwardInPart } from './change-account.ts';
import { type CommandContext } from './command-context.ts';
import { type AccountReason, judge } from './judgement.ts';
import { type Replay, replayOf } from './replay.ts';

/** A command that costs usage, and the record that it makes. */
export interface CostingCommand<Kept, Refused = unknown> extends CommandContext {
  use: Use;
  /** What the ledger names as the cause, `usage:<id>`. */
  source: string;
  /** What it writes besides, and must be able to: something has to exist on which it counts. */
  alongside: readonly Alongside<Refused>[];
  /**
   * Where a card may pay for a use for which there is no credit left; null: it may not. Called before a record is made
   * that a card is to pay for, it throws where no card can.
   */
  payAsYouGo: (() => Promise<unknown>) | null;
  /**
   * Whether to look at the account before writing, since the record is large, and a refusal is billed like the write that
   * it was. For commands that write nothing alongside: that would have to be looked at too.
   */
  looksFirst?: boolean;
  /** The record, as of the instant at which the use counts, with what it costs: credits, or what a card is to pay. */
  record: (at: Instant, cost: UseCost) => NewRecord<Kept>;
  parse: (item: WireItem) => Kept;
}

/** What a use costs: so many credits, or money in their place. */
export interface UseCost {
  credits: number;
  charge: Charge | null;
}

export interface NewRecord<Kept> {
  item: WireItem;
  /** Items that are made together with the record, and belong to it. */
  others: readonly WireItem[];
  kept: Kept;
}

/** Named outcomes. What is written alongside may add its own, which come before a refusal (`judgement.ts`). */
export type WriteOutcome<Kept> =
  Replay<Kept> | { outcome: 'refused'; refusal: Refusal } | { outcome: 'created'; record: Kept };

/** Items of one transaction contradict each other, which no interleaving of ours can cause. */
export class InconsistentBooksError extends Error {
  override name = 'InconsistentBooksError';
}

/**
 * The deciding write: counts a use and makes its record together or not at all (G1, G3), in one request for an account
 * that exists and is open, whether it is accepted or refused. No read before it decides, since between a read and a write
 * somebody else writes:
 *
 *     tab 1:  reads 1 credit                   deducts: 0 left
 *     tab 2:                  reads 1 credit                    deducts: -1 left
 *
 * An account that is new, or no longer open, takes a second request, conditional on what the first one saw. So does a use
 * that a card has to pay for: a credit that arrives first changes what was seen, and the command begins anew and takes it.
 *
 * @throws BusyError when conflicts or throttling outlast the deadline; repeating the request with its key is safe
 */
export async function decidingWrite<Kept, Refused = never>(
  store: Store,
  command: CostingCommand<Kept, Refused>,
): Promise<WriteOutcome<Kept> | Refused> {
  return retrying<WriteOutcome<Kept> | Refused>(command.deadline, async (abortSignal) => {
    const foreseen = command.looksFirst === true ? await foresee(store, command) : null;
    if (foreseen !== null) {
      return foreseen;
    }
    const first = await attempt(store, command, countingParts(store, command), abortSignal);
    if (first.step === 'answer') {
      return first.answer;
    }
    const before =
      first.account === null ? null : await rollForwardInPart(store, first.account, command.now, abortSignal);
    if (before === TRY_AGAIN) {
      return TRY_AGAIN;
    }
    const second = computedParts(store, command, before);
    if (second.outcome === 'refused') {
      return second;
    }
    if (second.charge !== null) {
      await command.payAsYouGo?.();
    }
    const { answer } = await attempt(store, command, second.parts, abortSignal);
    return answer;
  });
}

/**
 * How a command will end without its write, as far as a look at the account tells; null: its write decides. A refusal is
 * only believed of an account and a record that were read together: the twin of this request may have used the last.
 */
async function foresee<Kept>(
  store: Store,
  command: CostingCommand<Kept>,
): Promise<WriteOutcome<Kept> | null> {
  const { userId, now, deadline } = command;
  const account = accountKey(userId);
  if (foreseenRefusal(store, command, await getItem(store, account, deadline)) === null) {
    return null;
  }
  const record = keyOf(command.record(now, { credits: 0, charge: null }).item);
  const [accountItem = null, recordItem = null] = await transactGet(store, [account, record], deadline);
  return recordItem === null ? foreseenRefusal(store, command, accountItem) : answerFrom(command, recordItem);
}

function foreseenRefusal<Kept>(
  store: Store,
  command: CostingCommand<Kept>,
  item: WireItem | null,
): Extract<UseDecision, { outcome: 'refused' }> | null {
  const { userId, now } = command;
  const state = item === null ? newAccount(userId, now, store.catalogue) : parseAccount(item);
  const current = state.kind === 'erased' ? state : rollForward(state, now, store.catalogue).account;
  const at = current.kind === 'erased' ? now : Math.max(now, current.periodStart);
  const decision = decide(store, command, current, at);
  return decision.outcome === 'refused' ? decision : null;
}

/** The items of one transaction by the part that they play. */
interface Parts<Kept> {
  account: TransactWriteItem;
  record: NewRecord<Kept>;
  others: readonly TransactWriteItem[];
}

/** The first attempt: DynamoDB judges the account as it stands, and counts. */
function countingParts<Kept>(store: Store, command: CostingCommand<Kept>): Parts<Kept> {
  const { use, now, source } = command;
  const credits = creditsFor(use, offeredCosts(store.catalogue));
  const movements: Movement[] = credits === 0 ? [] : [{ kind: 'use', amount: -credits, source }];
  return {
    account: countUse(store, command),
    record: command.record(now, { credits, charge: null }),
    others: ledgerLines(store, command, movements, now),
  };
}

/**
 * The second attempt: creates the account with its first use, or rolls it forward and counts at once (G7). Written on
 * the condition that the account is still as it was seen.
 */
function computedParts<Kept>(
  store: Store,
  command: CostingCommand<Kept>,
  before: Account | null,
):
  | { outcome: 'accepted'; parts: Parts<Kept>; charge: Charge | null }
  | { outcome: 'refused'; refusal: Refusal } {
  const { userId, now } = command;
  const rolled = rollForward(before ?? newAccount(userId, now, store.catalogue), now, store.catalogue);
  // A now before the period's start counts as its start: gateways' clocks need not agree to the millisecond.
  const at = Math.max(now, rolled.account.periodStart);
  const decision = decide(store, command, rolled.account, at);
  switch (decision.outcome) {
    case 'refused':
      return decision;
    case 'not_current':
      throw new InconsistentBooksError(`The account ${userId} is not current after it was rolled forward.`);
    case 'accepted':
    case 'to_be_paid': {
      const charge = decision.outcome === 'to_be_paid' ? decision.charge : null;
      const credits = decision.outcome === 'to_be_paid' ? 0 : decision.credits;
      const moved = decision.outcome === 'to_be_paid' ? [] : decision.movements;
      const movements = [
        ...(before === null ? firstMovements(decision.account, store.catalogue) : []),
        ...moved,
      ];
      const parts = {
        account: putAccount(store.table, decision.account, before),
        record: command.record(at, { credits, charge }),
        others: [
          ...keptPeriodItems(store.table, userId, rolled.closed),
          ...ledgerLines(store, command, movements, at),
        ],
      };
      return { outcome: 'accepted', parts, charge };
    }
  }
}

function decide<Kept>(
  { catalogue }: Store,
  command: CostingCommand<Kept>,
  state: AccountState,
  at: Instant,
): UseDecision {
  const { use, source, payAsYouGo } = command;
  return decideUse(use, state, catalogue, at, source, payAsYouGo !== null);
}

function ledgerLines<Kept>(
  store: Store,
  { userId, id }: CostingCommand<Kept>,
  movements: readonly Movement[],
  at: Instant,
): TransactWriteItem[] {
  return movements.map((movement, index) =>
    putLedgerLine(store.table, userId, { ...movement, id: index === 0 ? id : movementId(id, index), at }),
  );
}

type Step<Kept, Refused> =
  | { step: 'answer'; answer: WriteOutcome<Kept> | Refused | typeof TRY_AGAIN }
  /** The account that was seen needs a second write; null where there is none yet. */
  | { step: 'second write'; account: Account | null; answer: typeof TRY_AGAIN };

async function attempt<Kept, Refused>(
  store: Store,
  command: CostingCommand<Kept, Refused>,
  { account, record, others }: Parts<Kept>,
  abortSignal: AbortSignal,
): Promise<Step<Kept, Refused>> {
  const transaction = await transact(
    store,
    [
      putNew(store.table, record.item),
      account,
      ...command.alongside.map(({ write }) => write),
      ...record.others.map((item) => putNew(store.table, item)),
      ...others,
    ],
    abortSignal,
  );
  return transaction.committed
    ? { step: 'answer', answer: { outcome: 'created', record: record.kept } }
    : nextStep(store, command, transaction.reasons);
}

/** From the reasons of a cancelled transaction, which stand in the order of its items, to what is to be done. */
function nextStep<Kept, Refused>(
  store: Store,
  command: CostingCommand<Kept, Refused>,
  reasons: readonly ItemReason[],
): Step<Kept, Refused> {
  const [record, account, ...rest] = reasons;
  if (record === undefined || account === undefined) {
    throw new InconsistentBooksError('A cancelled transaction came without its reasons.');
  }
  const alongside = rest.slice(0, command.alongside.length);
  const judged = judgeAccount(store, command, account);
  const verdict = judge({
    record: record.reason,
    alongside: firstOf(alongside),
    account: judged.reason,
    others: firstOf(rest.slice(command.alongside.length)),
  });
  switch (verdict) {
    case 'answer from the record':
      return { step: 'answer', answer: answerFrom(command, record.item) };
    case 'refused alongside':
      return { step: 'answer', answer: judgeAlongside(command.alongside, alongside) };
    case 'create the account':
    case 'roll forward':
    case 'charge a card':
      return { step: 'second write', account: judged.account, answer: TRY_AGAIN };
    case 'refuse':
      return { step: 'answer', answer: judged.answer };
    case 'try again':
      return { step: 'answer', answer: againAfter(reasons) };
    case 'inconsistent':
      throw new InconsistentBooksError(`A part of the record ${command.id} exists without it.`);
  }
}

/** Why the first of some items that did not commit did not; `none` where all of them would have. */
function firstOf(items: readonly ItemReason[]): Reason {
  return items.find(({ reason }) => reason !== 'none')?.reason ?? 'none';
}

interface JudgedAccount {
  reason: AccountReason;
  account: Account | null;
  answer: Extract<UseDecision, { outcome: 'refused' }> | typeof TRY_AGAIN;
}

/** Explains the account's failed condition by the item that came back with it. */
function judgeAccount<Kept>(
  store: Store,
  command: CostingCommand<Kept>,
  { reason, item }: ItemReason,
): JudgedAccount {
  if (reason !== 'condition' || item === null) {
    return { reason: reason === 'condition' ? 'absent' : reason, account: null, answer: TRY_AGAIN };
  }
  const state = parseAccount(item);
  const decision = decide(store, command, state, command.now);
  return {
    reason: ACCOUNT_REASONS[decision.outcome],
    account: state.kind === 'account' ? state : null,
    answer: decision.outcome === 'refused' ? decision : TRY_AGAIN,
  };
}

const ACCOUNT_REASONS = {
  // Its terms are not the catalogue's: it is asked by its own.
  accepted: 'not current',
  not_current: 'not current',
  to_be_paid: 'wants a card',
  refused: 'refuses',
} as const satisfies Record<UseDecision['outcome'], AccountReason>;

function answerFrom<Kept>(command: CostingCommand<Kept>, item: WireItem | null): Replay<Kept> {
  if (item === null) {
    throw new InconsistentBooksError(`The record ${command.id} exists and did not come back.`);
  }
  return replayOf(item, command.fingerprint, command.parse);
}
