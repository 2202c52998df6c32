/** `npm run bench`: what Postage costs beside the bare requests that it is made of, measured in one run. */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { STREAM_CONSUMERS } from '../lambdas/letters/wiring/stream-filters.ts';
import { startEngine } from '../local/engine.ts';
import { benchCommands } from './commands.ts';
import { benchLargeUser } from './large-user.ts';
import { benchLatency } from './latency.ts';
import { benchRollover } from './rollover.ts';
import { benchStream } from './stream.ts';
import { ACTS } from '../local/costs/acts.ts';
import { benchUnits } from './units.ts';

/** What is to be reached: of a command and of a user who has very much, at most; of a rollover's rate, and of a function's on the stream, at least. */
const GOALS = {
  commandRatio: 1.1,
  largeUserRatio: 1.1,
  rolloverRatio: 0.85,
  letterP95Ms: 50,
  secondsPerThousand: 30,
  handledPerWritten: 1,
};

const RESULTS = new URL('results.json', import.meta.url);

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

function line(name: string, value: number, unit: string, isReached: boolean, goal: string): void {
  tell(
    `  ${isReached ? '✓' : '✗'} ${name.padEnd(38)} ${String(value).padStart(8)} ${unit.padEnd(6)} (goal: ${goal})`,
  );
}

// What the functions log is not a result.
process.stdout.write = () => true;
const engine = await startEngine();
try {
  tell('Commands beside their bare transactions …');
  const commands = await benchCommands(engine.endpoint);
  for (const [name, { ratio }] of Object.entries(commands)) {
    line(`${name}, p50 ratio`, ratio, '', ratio <= GOALS.commandRatio, '<= 1.10');
  }

  tell('40,000 letters, 100,000 consumptions and 12,000 audit records of a user …');
  const largeUser = await benchLargeUser(engine.endpoint);
  for (const [name, { ratio }] of Object.entries(largeUser)) {
    line(`${name}, p50 ratio`, ratio, '', ratio <= GOALS.largeUserRatio, '<= 1.10');
  }

  tell('A letter over HTTP, with the latencies of AWS …');
  const latency = await benchLatency(engine.endpoint);
  line('letter, p95', latency.p95Ms, 'ms', latency.p95Ms <= GOALS.letterP95Ms, '<= 50 ms');

  tell('Rollover of 1,000 accounts beside bare transactions …');
  const thousand = await benchRollover(engine.endpoint, 1_000, 3);
  line(
    '1,000 accounts, ratio of rates',
    thousand.ratio,
    '',
    thousand.ratio >= GOALS.rolloverRatio,
    '>= 0.85',
  );
  line('peak memory', thousand.peakMemoryMb, 'MB', true, 'does not grow');

  tell('Rollover of 10,000 accounts beside bare transactions …');
  const tenThousand = await benchRollover(engine.endpoint, 10_000, 2);
  line(
    '10,000 accounts, ratio of rates',
    tenThousand.ratio,
    '',
    tenThousand.ratio >= GOALS.rolloverRatio,
    '>= 0.85',
  );
  line(
    'peak memory',
    tenThousand.peakMemoryMb,
    'MB',
    tenThousand.peakMemoryMb < thousand.peakMemoryMb * 2,
    'does not grow',
  );
  line(
    'seconds per 1,000 accounts',
    tenThousand.secondsPerThousand,
    's',
    tenThousand.secondsPerThousand <= GOALS.secondsPerThousand,
    '<= 30 s',
  );

  tell('10,000 letters and deliveries, and the functions on the stream beside them …');
  const stream = await benchStream(2_000, 10_000);
  for (const name of ['outbox', 'statistics'] as const) {
    const ratio = stream.alone.handledPerWritten[name];
    const { highest, atHalf, atEnd } = stream.lag[name];
    line(`${name}, handled per written`, ratio, '', ratio >= GOALS.handledPerWritten, '>= 1');
    const isBounded = atEnd <= atHalf + STREAM_CONSUMERS[name].batchSize;
    line(`${name}, behind at the end`, atEnd, '', isBounded, `a batch more than ${String(atHalf)} at half`);
    line(`${name}, behind at most`, highest, '', true, 'none');
  }

  tell('What DynamoDB charges for an act, with all that follows from it …');
  const units = await benchUnits(engine.endpoint);
  for (const act of ACTS) {
    line(act, units[act].writeUnits, 'writes', true, `none; ${String(units[act].readUnits)} reads`);
  }

  const results = {
    measuredAt: new Date().toISOString(),
    node: process.version,
    processor: `${String(cpus().length)} x ${cpus()[0]?.model ?? 'unknown'}`,
    commands,
    largeUser,
    latency,
    rollover: [thousand, tenThousand],
    stream,
    units,
  };
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  tell('Written to bench/results.json.');
} finally {
  await engine.stop();
}
