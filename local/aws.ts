/** `npm run aws -- try`: what AWS does, beside what Postage expects. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { loadConfig } from '../lib/load-config.ts';
import { type Facts, type Point, POINTS, SkippedError, type TriedStack } from './aws-try-points.ts';
import { runProgram } from './command-line.ts';
import { UsageError } from './usage-error.ts';

const HELP = `Asks AWS what no document says for certain, and prints what came beside what Postage expects.

  npm run aws -- try --stage dev

  --stage STAGE           a disposable stage that is deployed (default: dev)
  --url URL               where its API answers (default: the stack's output ApiUrl)
  --config FILE           the owner's file (default: postage.config.ts)
  --metrics-wait SECONDS  how long CloudWatch is given to tell of a write (default: 240)
  --yes                   begins; without it, nothing is done
  --help                  shows this

It makes a user in the stage's pool and two small tables of its own, and takes them away again. It sends the stage some ten
requests. It takes about five minutes, most of it for CloudWatch, and costs less than a cent. The exit code is 1 when AWS does
anything otherwise.
`;

interface TryOptions {
  stage: string;
  config: string | undefined;
  url: string | undefined;
  metricsWaitMs: number;
  isAgreed: boolean;
}

async function tryAws({ stage, config, url, metricsWaitMs, isAgreed }: TryOptions): Promise<number> {
  const { stages } = (await loadConfig(config)).config;
  if (stages[stage]?.disposable !== true) {
    throw new UsageError(`Only a disposable stage is tried, and "${stage}" is none.`);
  }
  if (!isAgreed) {
    tell('Nothing was done. It begins with --yes; --help says what it makes.');
    return 1;
  }
  const outputs = await outputsOf(`Postage-${stage}`);
  const stack = { ...outputs, apiUrl: url ?? outputs.apiUrl, metricsWaitMs, tell: line };
  const outcomes: Outcome[] = [];
  for (const [index, point] of POINTS.entries()) {
    tell(`[${String(index + 1)}/${String(POINTS.length)}] ${point.name}`);
    outcomes.push(await tryPoint(stack, point));
  }
  const count = (wanted: Outcome): string => String(outcomes.filter((each) => each === wanted).length);
  tell(`${count('as expected')} as expected, ${count('other')} other, ${count('skipped')} skipped.`);
  return outcomes.includes('other') ? 1 : 0;
}

/** @throws UsageError */
async function outputsOf(StackName: string): Promise<Pick<TriedStack, 'apiUrl' | 'userPoolId'>> {
  const command = new DescribeStacksCommand({ StackName });
  const { Stacks = [] } = await new CloudFormationClient().send(command).catch((error: unknown) => {
    throw new UsageError(`The stack ${StackName} can't be read. (${String(error)})`);
  });
  const outputs = Stacks[0]?.Outputs ?? [];
  const value = (key: string): string | null =>
    outputs.find(({ OutputKey }) => OutputKey === key)?.OutputValue ?? null;
  const apiUrl = value('ApiUrl');
  if (apiUrl === null) {
    throw new UsageError(`The stack ${StackName} is not deployed.`);
  }
  return { apiUrl, userPoolId: value('UserPoolId') };
}

type Outcome = 'as expected' | 'other' | 'skipped';

async function tryPoint(stack: TriedStack, { run, expects, otherwise }: Point): Promise<Outcome> {
  let facts: Facts;
  try {
    facts = await run(stack);
  } catch (error) {
    if (error instanceof SkippedError) {
      line(`- skipped: ${error.message}.`);
      return 'skipped';
    }
    line(`≠ other: it could not be tried to its end. ${String(error)}`);
    return 'other';
  }
  line(`AWS:     ${told(facts)}`);
  line(
    `Postage: ${told(Object.fromEntries(Object.entries(expects).map(([name, words]) => [name, words.join(' or ')])))}`,
  );
  const isExpected = Object.entries(expects).every(([name, words]) => words.includes(facts[name] ?? 'none'));
  line(isExpected ? '✓ as expected' : `≠ other: ${otherwise}`);
  return isExpected ? 'as expected' : 'other';
}

function told(facts: Facts): string {
  return Object.entries(facts)
    .map(([name, word]) => `${name}: ${word}`)
    .join(', ');
}

function line(text: string): void {
  tell(`  ${text}`);
}

function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}

await runProgram({
  command: 'npm run aws',
  help: HELP,
  words: ['try'],
  options: {
    stage: { type: 'string', default: 'dev' },
    config: { type: 'string' },
    url: { type: 'string' },
    'metrics-wait': { type: 'string', default: '240' },
    yes: { type: 'boolean', default: false },
  },
  run: ({ stage, config, url, 'metrics-wait': seconds, yes }) => {
    const metricsWaitMs = Number(seconds) * 1_000;
    if (!(metricsWaitMs >= 0)) {
      throw new UsageError(`--metrics-wait is a number of seconds, and is "${seconds}".`);
    }
    if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
      throw new UsageError(`--url must be an address, such as https://api.example.com, and is "${url}".`);
    }
    return tryAws({ stage, config, url, metricsWaitMs, isAgreed: yes });
  },
});
