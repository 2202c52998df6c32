/** Chance, drawn by fast-check before anything happens: so a sequence that fails shrinks, and its path repeats it. */
import fc from 'fast-check';

/** What somebody draws as they act. */
export interface Random {
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  /** Whether something of this probability happens. */
  happens(probability: number): boolean;
  pick<T>(choices: readonly [T, ...T[]]): T;
  /** One of the list, and null from an empty one. */
  pickAny<T>(list: readonly T[]): T | null;
  shuffled<T>(items: readonly T[]): T[];
}

/** Numbers below 2^32, in the order in which they are used. Those that are missing at the end are 0. */
export type Draws = readonly number[];

const DRAWN_BELOW = 2 ** 32;

/** The built-in arrays shrink each number, which takes a simulation hours. These lose their last numbers only. */
class AnyDraws extends fc.Arbitrary<Draws> {
  readonly #most: number;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override generate(random: fc.Random): fc.Value<Draws> {
    const draws = Array.from({ length: this.#most }, () => random.nextInt(0, DRAWN_BELOW - 1));
    return new fc.Value(draws, undefined);
  }

  override canShrinkWithoutContext(_value: unknown): _value is Draws {
    return false;
  }

  override shrink(draws: Draws): fc.Stream<fc.Value<Draws>> {
    const shorter = [0, 1, 2, 3, 4, 6, 8, 16, 32, 64].filter((length) => length < draws.length);
    return fc.stream(shorter.map((length) => new fc.Value(draws.slice(0, length), undefined)).values());
  }
}

export function anyDraws(most: number): fc.Arbitrary<Draws> {
  return new AnyDraws(most);
}

/** A draw of 0 is the least or the first, and makes nothing happen. */
export function randomFrom(draws: Draws): Random {
  const rest = draws.values();
  const next = (): number => (rest.next().value ?? 0) / DRAWN_BELOW;
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    integer,
    happens: (probability) => 1 - next() <= probability,
    pick: (choices) => choices[integer(0, choices.length - 1)] ?? choices[0],
    pickAny: (list) => list[integer(0, list.length - 1)] ?? null,
    shuffled: (items) => {
      const left = [...items];
      return items.flatMap(() => left.splice(integer(0, left.length - 1), 1));
    },
  };
}

/** For a test whose course depends on time as well, so that nothing could shrink. */
export function seededRandom(seed: number): Random {
  return randomFrom(fc.sample(anyDraws(20_000), { seed, numRuns: 1 }).flat());
}
