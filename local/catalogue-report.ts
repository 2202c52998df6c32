/** What `npm run catalogue` finds in a table's accounts, and how it tells it. */
import { parseAccount } from '../lambdas/adapters/dynamodb/account-item.ts';
import { itemBytes } from '../lambdas/adapters/dynamodb/item-size.ts';
import type { WireItem } from '../lambdas/adapters/dynamodb/items.ts';
import { userIdOf } from '../lambdas/adapters/dynamodb/keys.ts';
import type { Account } from '../lambdas/domain/account.ts';
import type { Catalogue } from '../lambdas/domain/catalogue.ts';
import {
  addUser,
  type ChangeSummary,
  type DiffSummary,
  lackedBy,
  NOBODY,
  type PlanSummary,
  type Some,
} from '../lambdas/domain/catalogue-diff.ts';
import { toIso } from '../lambdas/domain/instants.ts';

const MOST_LISTED = 100;

/** What went wrong, account by account. It lists a hundred and counts the others, so that memory does not grow. */
export class Failures {
  readonly #listed: string[] = [];
  count = 0;

  add(userId: string, error: unknown): void {
    this.count += 1;
    if (this.#listed.length < MOST_LISTED) {
      this.#listed.push(`${userId}: ${error instanceof Error ? error.message || error.name : String(error)}`);
    }
  }

  lines(): string[] {
    const others = this.count - this.#listed.length;
    return this.count === 0
      ? []
      : [
          `${accounts(this.count)} failed:`,
          ...this.#listed.map((line) => `  ${line}`),
          ...(others === 0 ? [] : [`  and ${String(others)} more`]),
        ];
  }
}

/** An account that is not erased; null for one that is, or that can't be read, which is a failure. */
export function readableAccount(item: WireItem, failures: Failures): Account | null {
  try {
    const state = parseAccount(item);
    return state.kind === 'erased' ? null : state;
  } catch (error) {
    failures.add(userIdOf(item['pk']?.S ?? '') ?? '', error);
    return null;
  }
}

const BYTES_OF_A_UNIT = 1_024;

/** What a check has found. Its size depends on how much is lacked, and not on how many accounts there are. */
export class Check {
  readonly #lacked = new Map<string, Some>();
  #checked = 0;
  #large = NOBODY;
  #extraUnits = 0;
  #largest = 0;

  get isSound(): boolean {
    return this.#lacked.size === 0;
  }

  add(account: Account, item: WireItem, catalogue: Catalogue): void {
    this.#checked += 1;
    for (const entry of lackedBy(catalogue, account)) {
      this.#lacked.set(entry, addUser(this.#lacked.get(entry) ?? NOBODY, account.userId));
    }
    const bytes = itemBytes(item);
    this.#largest = Math.max(this.#largest, bytes);
    const extraUnits = Math.ceil(bytes / BYTES_OF_A_UNIT) - 1;
    if (extraUnits > 0) {
      this.#large = addUser(this.#large, account.userId);
      this.#extraUnits += extraUnits;
    }
  }

  lines(): string[] {
    const lacked = [...this.#lacked].map(([entry, some]) => `  ${entry}: ${named(some)}`);
    const large = `${named(this.#large)} above 1 kB: a write of each one takes ${String(this.#extraUnits)} units more in all, twice in a transaction.`;
    return [
      `${accounts(this.#checked)} checked; the largest takes ${String(this.#largest)} bytes.`,
      ...(lacked.length === 0
        ? ['The catalogue has every plan, meter and level that they have.']
        : ['The catalogue lacks, so that accounts go on under the terms that stand on them:', ...lacked]),
      ...(this.#large.accounts === 0 ? [] : [large]),
    ];
  }
}

/** The lines of a comparison, plan by plan; each plan's figures add up to its accounts. */
export function summaryLines(summary: DiffSummary): string[] {
  return summary.size === 0 ? ['There is no account.'] : [...summary.values()].flatMap(planLines);
}

function planLines({ plan, accounts: count, unchanged, changes, given, taken }: PlanSummary): string[] {
  const changed = count - unchanged;
  const credits = (verb: string, sum: PlanSummary['given']): string[] =>
    sum.accounts === 0 ? [] : [`  by apply: ${verb} ${String(sum.credits)} credits in all: ${named(sum)}`];
  return [
    `${plan}: ${accounts(count)}, of which ${String(changed)} change and ${String(unchanged)} do not.`,
    ...[...changes.values()].map((each) => `  ${changeLine(each)}`),
    ...credits('gain', given),
    ...credits('lose', taken),
  ];
}

function changeLine({ change, firstAt, lastAt, ...some }: ChangeSummary): string {
  const { when, effect, what, from, to } = change;
  const verb = { gains: 'gain', loses: 'lose', differs: 'differ' }[effect];
  const span = firstAt === lastAt ? toIso(firstAt) : `${toIso(firstAt)} to ${toIso(lastAt)}`;
  const moment = when === 'next period' ? `next period (${span})` : when;
  return `${moment}: ${verb}: ${what}: ${from} → ${to}: ${named(some)}`;
}

/** How many, with a few of them by name. */
export function named({ accounts: count, users }: Some): string {
  return `${accounts(count)} (${users.join(', ')}${count > users.length ? ', …' : ''})`;
}

export function accounts(count: number): string {
  return `${String(count)} ${count === 1 ? 'account' : 'accounts'}`;
}
