/** The parts of the bench: what each measures, and what is to be reached. */
import { STREAM_CONSUMERS } from '../lambdas/letters/wiring/stream-filters.ts';
import { ACTS } from '../local/costs/acts.ts';
import { benchCommands } from './commands.ts';
import { benchLargeUser } from './large-user.ts';
import { benchLatency } from './latency.ts';
import { benchPage } from './page.ts';
import { benchRollover } from './rollover.ts';
import { benchStream } from './stream.ts';
import { benchUnits } from './units.ts';

export interface Figure {
  name: string;
  value: number;
  unit?: string;
  /** What is to be reached, in words, and whether it is. A figure without a goal is there to be known. */
  goal?: { words: string; isReached: boolean };
}

export interface Measured {
  figures: Figure[];
  /** As it stands in `bench/results`. */
  result: unknown;
}

export interface Part {
  title: string;
  /** @returns what this machine lacks for it, where it can't be measured */
  measure: (endpoint: string) => Promise<Measured | { lacks: string }>;
}

export const PARTS = {
  commands: {
    title: 'Commands beside their bare transactions',
    measure: async (endpoint) => {
      const result = await benchCommands(endpoint);
      return { figures: ratios(result, 1.1), result };
    },
  },
  'large-user': {
    title: '40,000 letters, 100,000 consumptions and 12,000 audit records of a user',
    measure: async (endpoint) => {
      const result = await benchLargeUser(endpoint);
      return { figures: ratios(result, 1.1), result };
    },
  },
  latency: {
    title: 'A letter over HTTP, with the latencies of AWS',
    measure: async (endpoint) => {
      const result = await benchLatency(endpoint);
      return { figures: [{ name: 'letter, p95', unit: 'ms', ...atMost(result.p95Ms, 50) }], result };
    },
  },
  rollover: {
    title: 'Rollover of 1,000 and of 10,000 accounts beside bare transactions',
    measure: measureRollover,
  },
  stream: {
    title: '10,000 letters and deliveries, and the functions on the stream beside them',
    measure: measureStream,
  },
  units: {
    title: 'What DynamoDB charges for an act, with all that follows from it',
    measure: async (endpoint) => {
      const result = await benchUnits(endpoint);
      const figures = ACTS.flatMap((act): Figure[] => [
        { name: act, value: result[act].writeUnits, unit: 'writes' },
        { name: act, value: result[act].readUnits, unit: 'reads' },
      ]);
      return { figures, result };
    },
  },
  page: {
    title: '"My usage" of a user with 50,000 ledger entries and two years, beside that of one without',
    measure: async () => {
      const result = await benchPage();
      return result === null
        ? { lacks: 'Chromium' }
        : { figures: ratios({ 'my usage': result }, 1.5), result };
    },
  },
} as const satisfies Record<string, Part>;

async function measureRollover(endpoint: string): Promise<Measured> {
  const thousand = await benchRollover(endpoint, 1_000, 3);
  const tenThousand = await benchRollover(endpoint, 10_000, 2);
  const figures = [thousand, tenThousand].map(({ accounts, ratio }) => ({
    name: `${accounts} accounts, ratio of rates`,
    ...atLeast(ratio, 0.85),
  }));
  const perThousand = atMost(tenThousand.secondsPerThousand, 30);
  const memory = {
    value: tenThousand.peakMemoryMb,
    goal: {
      words: `less than twice the ${thousand.peakMemoryMb} MB of 1,000`,
      isReached: tenThousand.peakMemoryMb < thousand.peakMemoryMb * 2,
    },
  };
  return {
    figures: [
      ...figures,
      { name: 'seconds per 1,000 accounts', unit: 's', ...perThousand },
      { name: 'peak memory', unit: 'MB', ...memory },
    ],
    result: [thousand, tenThousand],
  };
}

async function measureStream(): Promise<Measured> {
  const result = await benchStream(2_000, 10_000);
  const figures = (['outbox', 'statistics'] as const).flatMap((name): Figure[] => {
    const { highest, atHalf, atEnd } = result.lag[name];
    const isBounded = atEnd <= atHalf + STREAM_CONSUMERS[name].batchSize;
    const words = `at most a batch more than ${atHalf} at half`;
    return [
      { name: `${name}, handled per written`, ...atLeast(result.alone.handledPerWritten[name], 1) },
      { name: `${name}, behind at the end`, value: atEnd, goal: { words, isReached: isBounded } },
      { name: `${name}, behind at most`, value: highest },
    ];
  });
  return { figures, result };
}

function ratios(results: Readonly<Record<string, { ratio: number }>>, most: number): Figure[] {
  return Object.entries(results).map(([name, { ratio }]) => ({
    name: `${name}, p50 ratio`,
    ...atMost(ratio, most),
  }));
}

function atMost(value: number, most: number): Pick<Figure, 'value' | 'goal'> {
  return { value, goal: { words: `at most ${most}`, isReached: value <= most } };
}

function atLeast(value: number, least: number): Pick<Figure, 'value' | 'goal'> {
  return { value, goal: { words: `at least ${least}`, isReached: value >= least } };
}
