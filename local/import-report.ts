/** What `npm run import` tells of the file, and at its end of the users. */
import type { Account } from '../lambdas/domain/account.ts';
import { addUser, NOBODY, type Some } from '../lambdas/domain/catalogue-diff.ts';
import { toIso } from '../lambdas/domain/instants.ts';
import { Failures, named } from './catalogue-report.ts';
import type { CheckedFile, ImportedUser } from './import-file.ts';
import type { Imported, LeftAlone } from './import-user.ts';

export function mistakeLines({ path, mistakes, otherMistakes }: CheckedFile): string[] {
  return [
    ...mistakes.map(({ line, column, message }) => {
      const place = column === null ? '' : ` ${column}:`;
      return `${path}: line ${String(line)}:${place} ${message}`;
    }),
    ...(otherMistakes === 0 ? [] : [`and ${String(otherMistakes)} more`]),
  ];
}

export function planLines(file: CheckedFile, asOf: number): string[] {
  const { path, fingerprint, users, customers, lacking } = file;
  return [
    `${path}: ${String(users)} users, ${String(customers)} of them with a customer at Stripe. The ledgers will name it import:${fingerprint}.`,
    `What they have used counts if their period was open at ${toIso(asOf)}.`,
    ...(lacking.length === 0 ? [] : [`The file lacks ${lacking.join(', ')}: they count as 0.`]),
  ];
}

const WHY: Record<LeftAlone, string> = {
  exists: 'had an account before this import',
  erased: 'were erased',
  'another file': 'were begun by an import of another file: run that one to its end',
};

const CONCERNS: Readonly<Record<string, string>> = {
  unknown_price: 'also pay a price that stands for no plan of the catalogue',
  two_subscriptions: 'have two subscriptions that give a plan, and pay for both',
};

/** Its size does not depend on how many users there are. */
export class ImportReport {
  readonly failures = new Failures();
  #imported = 0;
  #importedBefore = 0;
  readonly #leftAlone = new Map<LeftAlone, Some>();
  readonly #concerns = new Map<string, Some>();
  readonly #plans = new Map<string, Map<string, number>>();

  add({ line, userId }: ImportedUser, result: Imported): void {
    switch (result.is) {
      case 'failed':
        this.failures.add(`line ${String(line)}, ${userId}`, result.why);
        break;
      case 'left alone':
        addTo(this.#leftAlone, result.because, userId);
        break;
      case 'imported':
      case 'imported before':
        this.#imported += Number(result.is === 'imported');
        this.#importedBefore += Number(result.is === 'imported before');
        for (const concern of result.concerns) {
          addTo(this.#concerns, concern, userId);
        }
        if (result.account !== null) {
          this.#addPlan(result.account);
        }
    }
  }

  #addPlan({ plan, subscription: { status } }: Account): void {
    const statuses = this.#plans.get(plan) ?? new Map<string, number>();
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    this.#plans.set(plan, statuses);
  }

  lines(isDry: boolean): string[] {
    const left = [...this.#leftAlone.values()].reduce((sum, { accounts }) => sum + accounts, 0);
    return [
      `${isDry ? 'To be imported' : 'Imported'}: ${String(this.#imported)}; imported before: ${String(this.#importedBefore)}; left alone: ${String(left)}; failed: ${String(this.failures.count)}.`,
      ...[...this.#plans].toSorted().map(([plan, statuses]) => {
        const counts = [...statuses].toSorted();
        const all = counts.reduce((sum, [, count]) => sum + count, 0);
        return `  ${plan}: ${String(all)} (${counts.map(([status, count]) => `${String(count)} ${status}`).join(', ')})`;
      }),
      ...[...this.#leftAlone].map(([because, some]) => `${named(some)} ${WHY[because]}.`),
      ...[...this.#concerns].map(([concern, some]) => `${named(some)} ${CONCERNS[concern] ?? concern}.`),
      ...this.failures.lines(),
    ];
  }
}

function addTo<Key>(map: Map<Key, Some>, key: Key, userId: string): void {
  map.set(key, addUser(map.get(key) ?? NOBODY, userId));
}
