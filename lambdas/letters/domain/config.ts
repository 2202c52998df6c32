/** The owner's whole file: the catalogue, the letters app on top of it, and what each stage is told. */
import { type CatalogueFile } from '../../domain/catalogue.ts';
import { mistakesOfCatalogue } from '../../domain/catalogue-mistakes.ts';
import { type Check, fieldOf, type Mistake, mistake, object, record, within } from '../../domain/mistakes.ts';

/** What the letters app can be told; nothing so far. */
export type LettersSettings = Readonly<Record<string, never>>;

export interface Config {
  catalogue: CatalogueFile;
  /** Null: Postage runs without the letters app. */
  letters: LettersSettings | null;
  /** What each deployment is told, which `lib/stages.ts` checks. */
  stages: unknown;
}

/** An object, whatever it holds. */
const anything = record(
  () => [],
  () => [],
);

/** Everything that is wrong with what an owner's file exports. */
export function mistakesOf(config: unknown): Mistake[] {
  const file = fieldOf(config, 'catalogue');
  const isFile = anything(file, '').length === 0;
  const hasLetters = (fieldOf(config, 'letters') ?? null) !== null;
  const letters: Check = (value, entry) => (value === null ? [] : object({})(value, entry));
  const check = object({ catalogue: anything, letters, stages: anything });
  return [
    ...check(config, ''),
    ...(isFile ? mistakesOfCatalogue(file, hasLetters) : []),
    ...(hasLetters && isFile ? mistakesOfMeters(file) : []),
  ];
}

/** @throws ConfigError that lists every mistake */
export function assertConfig(config: unknown): asserts config is Config {
  const mistakes = mistakesOf(config);
  if (mistakes.length > 0) {
    throw new ConfigError(mistakes);
  }
}

export class ConfigError extends Error {
  override name = 'ConfigError';

  constructor(mistakes: readonly Mistake[]) {
    super(mistakes.map(({ entry, message }) => (entry === '' ? message : `${entry}: ${message}`)).join('\n'));
  }
}

/** The letters app counts by these, and a mail may be paid for by card in place of its one credit. */
const METERS = { letters: null, emails: null, mails: 1 } as const;

function mistakesOfMeters(file: unknown): Mistake[] {
  const meters = fieldOf(file, 'meters');
  return Object.entries(METERS).flatMap(([id, credits]) => {
    const meter = fieldOf(meters, id);
    const entry = within('meters', id);
    if (meter === undefined) {
      return mistake(entry, 'The letters app counts by this meter. It is missing.');
    }
    return credits === null || fieldOf(meter, 'credits') === credits
      ? []
      : mistake(within(entry, 'credits'), `In the letters app, one costs exactly ${String(credits)} credit.`);
  });
}
