/** `npm run demo`: plays the core scenario in the terminal, as a client of the API. */
import { fileURLToPath } from 'node:url';
import { DAY_MS, HOUR_MS, type Instant, toIso } from '../lambdas/domain/instants.ts';
import { boundaryAfter, CALENDAR_ANCHOR } from '../lambdas/domain/periods.ts';
import { runProgram } from './command-line.ts';
import { DemoCaller, priceOf } from './demo-caller.ts';
import { Narrator } from './demo-narrator.ts';
import { useConfig } from './use-config.ts';
import { UsageError } from './usage-error.ts';

const HELP = `Plays the core scenario in your terminal: quotas, mail credits, a race, and a month's end.

  npm run demo -- [options]

  --at TIME   when the story begins, an instant such as 2030-01-31T09:00:00Z (default: now; not earlier)
  --help      shows this

The exit code is 0 only if every step went as expected.
`;

const LETTERS = fileURLToPath(new URL('../examples/letters/postage.config.ts', import.meta.url));
const RACERS = 50;

async function play(at: string | undefined): Promise<number> {
  const beginning = at === undefined ? Date.now() : Date.parse(at);
  if (Number.isNaN(beginning)) {
    throw new UsageError(`--at must be an instant such as 2030-01-31T09:00:00Z, and is "${String(at)}".`);
  }
  // What the functions log is not part of the story.
  const tell = process.stdout.write.bind(process.stdout);
  process.stdout.write = () => true;
  const narrator = new Narrator(tell);
  // The story is about letters, whatever the owner's own catalogue says.
  await useConfig(LETTERS);
  const { startRuntime } = await import('./runtime.ts');
  const runtime = await startRuntime({ port: 0, onError: (error) => narrator.step(String(error), false) });
  try {
    if (beginning < runtime.clock.now() - HOUR_MS) {
      throw new UsageError('--at must not be in the past: the clock only moves ahead.');
    }
    runtime.clock.moveTo(awayFromMonthEnd(Math.max(beginning, runtime.clock.now())));
    const caller = new DemoCaller(runtime);
    for (const scene of [tellFreeUser, tellProUser, tellRace, tellMonthEnd, tellLateRun]) {
      await scene(caller, narrator);
    }
  } finally {
    await runtime.stop();
  }
  return narrator.finish();
}

/** Six letters must fall into one calendar month, so a story never begins in the last minute of one. */
function awayFromMonthEnd(instant: Instant): Instant {
  const monthEnd = boundaryAfter(CALENDAR_ANCHOR, instant);
  return monthEnd - instant < 60_000 ? monthEnd : instant;
}

async function tellFreeUser(caller: DemoCaller, narrator: Narrator): Promise<void> {
  narrator.begins('Frida is on the free plan: five letters a month.');
  for (let letter = 1; letter <= 5; letter += 1) {
    const { status } = await caller.writeLetter('frida');
    narrator.step(`Letter ${String(letter)} is written.`, status === 201);
  }
  const sixth = await caller.writeLetter('frida');
  const { code, limit, used, resetsAt, upgradeTo } = sixth.body;
  narrator.step(
    `The sixth is refused: ${String(code)}, ${String(used)} of ${String(limit)} used. It works again on ${String(resetsAt)}, or with ${String(upgradeTo)}.`,
    sixth.status === 402 &&
      code === 'quota_exceeded' &&
      limit === 5 &&
      used === 5 &&
      resetsAt === (await caller.periodEnd('frida')),
  );
}

async function tellProUser(caller: DemoCaller, narrator: Narrator): Promise<void> {
  narrator.begins('Paula subscribes to Pro: unlimited letters, two postal letters a month.');
  await caller.subscribe('paula');
  const letterId = await caller.letterOf('paula');
  for (const mail of ['first', 'second']) {
    const { status, body } = await caller.scheduleMail('paula', letterId);
    narrator.step(
      `The ${mail} postal letter is scheduled, paid with a ${String(body['paidWith'])}.`,
      status === 201 && body['paidWith'] === 'credit',
    );
  }
  const third = await caller.scheduleMail('paula', letterId);
  const price = priceOf(third);
  narrator.step(
    `The third is refused: ${String(third.body['code'])}. One more costs ${price}.`,
    third.status === 402 && third.body['code'] === 'insufficient_credits' && price === '3.00 usd',
  );
}

async function tellRace(caller: DemoCaller, narrator: Narrator): Promise<void> {
  narrator.begins(`Rita has one credit left, and ${String(RACERS)} of her tabs want it at the same instant.`);
  await caller.subscribe('rita');
  const letterId = await caller.letterOf('rita');
  await caller.scheduleMail('rita', letterId);
  const answers = await Promise.all(
    Array.from({ length: RACERS }, () => caller.scheduleMail('rita', letterId)),
  );
  const won = answers.filter(({ status }) => status === 201).length;
  const refused = answers.filter(({ body }) => body['code'] === 'insufficient_credits').length;
  narrator.step(`${String(won)} wins, ${String(refused)} are refused.`, won === 1 && refused === RACERS - 1);
  const { body } = await caller.get('rita', '/credits');
  narrator.step(
    `Her books add up: ${String(body['granted'])} granted - ${String(body['used'])} used = ${String(body['available'])} available.`,
    body['granted'] === 2 && body['used'] === 2 && body['available'] === 0,
  );
}

async function tellMonthEnd(caller: DemoCaller, narrator: Narrator): Promise<void> {
  const periodEnd = await caller.periodEnd('paula');
  narrator.begins(`A month passes. Paula's period has ended at ${periodEnd}; at midnight the rollover runs.`);
  // Rita subscribed a moment later: by the midnight after her period's end, both are due.
  caller.moveTo(Math.ceil(Date.parse(await caller.periodEnd('rita')) / DAY_MS) * DAY_MS);
  const run = await caller.rollOver();
  narrator.step(
    `It meets ${String(run.totalProcessed)} accounts and rolls ${String(run.successCount)}; ${String(run.errorCount)} fail.`,
    run.totalProcessed === 2 && run.successCount === 2 && run.errorCount === 0,
  );
  const credits = await caller.get('paula', '/credits');
  narrator.step(
    `Her credits are back: ${String(credits.body['available'])}.`,
    credits.body['available'] === 2,
  );
  const [closed] = await caller.history('paula');
  narrator.step(
    `The old period is in the history: ${String(closed?.lettersCreated)} letter, ${String(closed?.mailsSent)} postal letters, ${String(closed?.mailCreditsUsed)} credits used.`,
    closed?.lettersCreated === 1 && closed.mailsSent === 2 && closed.mailCreditsUsed === 2,
  );
  const again = await caller.rollOver();
  const unchanged = await caller.get('paula', '/credits');
  narrator.step(
    `A second run finds ${String(again.totalProcessed)} accounts, and changes nothing.`,
    again.totalProcessed === 0 && JSON.stringify(unchanged.body) === JSON.stringify(credits.body),
  );
}

async function tellLateRun(caller: DemoCaller, narrator: Narrator): Promise<void> {
  const periodEnd = await caller.periodEnd('rita');
  narrator.begins(
    `Another month passes at ${periodEnd}, and no run has come yet. Rita does not wait for it.`,
  );
  caller.moveTo(Date.parse(periodEnd) + HOUR_MS);
  const { status } = await caller.scheduleMail('rita', await caller.letterOf('rita'));
  const { body } = await caller.get('rita', '/credits');
  narrator.step(
    `An hour later she schedules a postal letter all the same; of her new credits ${String(body['available'])} is left.`,
    status === 201 && body['available'] === 1,
  );
  const run = await caller.rollOver();
  const after = await caller.get('rita', '/credits');
  narrator.step(
    `When the run comes, it grants her nothing twice (it rolls ${String(run.successCount)}: Paula).`,
    run.totalProcessed === 1 && run.errorCount === 0 && after.body['available'] === 1,
  );
  narrator.says(`(It is ${toIso(caller.now())} in this story.)`);
}

await runProgram({
  command: 'npm run demo',
  help: HELP,
  options: { at: { type: 'string' } },
  run: ({ at }) => play(at),
});
