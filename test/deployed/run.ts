/** `npm run test:deployed`: deploys the app to an AWS on this machine, and tests it there from outside. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exitCodeOf } from '../../local/command-line.ts';
import { bootstrap, deploy, type Deployment, destroy, stackName } from './support/cdk.ts';
import { urlOfStack } from './support/stack-url.ts';
import { lastLines, run, step } from './support/commands.ts';
import { serveIssuer } from './support/issuer-server.ts';
import { failuresInLogs } from './support/logs.ts';
import { MINISTACK, startMiniStack } from './support/ministack.ts';
import { serveStripe } from './support/stripe-server.ts';
import { prepareVirtualEnvironment } from './support/python.ts';

const HELP = `Deploys Postage with the CDK to MiniStack, an AWS on this machine, runs the end-to-end suite against it and
the cases that only a deployment has, and removes everything again. It needs Python 3.10 and, the first time, PyPI.

  npm run test:deployed -- [options]

  --twice       runs the suites a second time on the same stack, which must not have to be empty
  --operations  tests what an owner does with a stack instead: deploying, restoring, moving to a new one
  --keep        leaves it running after the tests, prints its address, and stops it at Ctrl-C
  --help        shows this

With POSTAGE_URL it deploys nothing and runs the end-to-end suite against the stack there: see docs/testing.md.
`;

/** They deploy stacks of their own. */
const OPERATIONS = 'test/deployed/operations/';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      keep: { type: 'boolean', default: false },
      twice: { type: 'boolean', default: false },
      operations: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const interrupted = interruption();
  if (process.env['POSTAGE_URL'] !== undefined) {
    return test(['e2e'], [], { environment: process.env, signal: interrupted });
  }
  return testOnThisMachine({ ...values, signal: interrupted });
}

/** The first signal stops everything in order, the second at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) {
        process.exit(130);
      }
      controller.abort(new Error('Interrupted.'));
    });
  }
  return controller.signal;
}

interface Settings {
  environment: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** Runs kinds of tests with their output on the terminal. @returns Jest's exit code */
async function test(kinds: string[], options: string[], { environment, signal }: Settings): Promise<number> {
  const jest = ['--run', 'jest', '--', '--selectProjects', ...kinds, ...options];
  const { code } = await run('node', jest, { cwd: ROOT, env: environment, stdio: 'inherit', signal });
  return code ?? 1;
}

interface Run {
  keep: boolean;
  twice: boolean;
  operations: boolean;
  signal: AbortSignal;
}

async function testOnThisMachine({ keep, twice, operations, signal }: Run): Promise<number> {
  const startedAt = performance.now();
  const directory = mkdtempSync(join(tmpdir(), 'postage-deployed-'));
  const stops: (() => Promise<void> | void)[] = [() => rmSync(directory, { recursive: true, force: true })];
  try {
    const unavailable = await step('virtual environment', () => prepareVirtualEnvironment(MINISTACK, signal));
    if (unavailable !== null) {
      process.stdout.write(`skipped: ${unavailable}\n`);
      return 0;
    }
    const issuer = await serveIssuer(`${directory}/issuer`);
    stops.push(issuer.stop);
    const stripe = await serveStripe();
    stops.push(stripe.stop);
    const recordedCalls = `${directory}/calls.ndjson`;
    const miniStack = await step('MiniStack', () => startMiniStack({ directory, recordedCalls, signal }));
    stops.push(miniStack.stop);

    const cdk = { environment: environmentFor(miniStack.endpoint), signal };
    Object.assign(process.env, cdk.environment);
    await step('cdk bootstrap', () => bootstrap(directory, cdk));
    const variables = { POSTAGE_ISSUER_URL: issuer.url, POSTAGE_STRIPE_URL: stripe.url };
    if (operations) {
      const environment = { ...cdk.environment, ...variables };
      return await test(['deployed'], ['--runInBand', '--testPathPatterns', OPERATIONS], {
        environment,
        signal,
      });
    }
    const config = 'test/deployed/postage.config.ts';
    const ours: Deployment = { stage: 'dev', config, variables };
    const withUserPool: Deployment = { stage: 'pool', config, variables };
    const pictures = { stage: 'pictures', config: 'test/deployed/pictures.config.ts', variables };
    const deployed = async (name: string, deployment: Deployment): Promise<string> => {
      await step(name, () => deploy(deployment, cdk));
      return urlOfStack(stackName(deployment), miniStack.endpoint);
    };
    const url = await deployed('npm run deploy', ours);
    const cognitoUrl = await deployed('npm run deploy with Cognito', withUserPool);
    const picturesUrl = await deployed('npm run deploy of pictures', pictures);
    await stripe.connectTo(stackName(ours), url);
    const stack = {
      name: stackName(ours),
      miniStackLog: miniStack.log,
      signal,
      environment: {
        ...cdk.environment,
        POSTAGE_URL: url,
        POSTAGE_STACK: stackName(ours),
        POSTAGE_PICTURES_URL: picturesUrl,
        POSTAGE_PICTURES_STACK: stackName(pictures),
        POSTAGE_COGNITO_URL: cognitoUrl,
        POSTAGE_COGNITO_STACK: stackName(withUserPool),
        POSTAGE_ISSUER_URL: issuer.url,
        POSTAGE_ISSUER_DIR: `${directory}/issuer`,
        POSTAGE_STRIPE_URL: stripe.url,
        POSTAGE_STRIPE_CONTROL_URL: stripe.controlUrl,
        POSTAGE_RECORDED_CALLS: recordedCalls,
      },
    };
    const code = (await testStack(stack)) || (twice ? await testStack(stack) : 0);
    if (keep) {
      await untilInterrupted(url, issuer.url, miniStack.endpoint, signal);
    } else {
      await step('cdk destroy', () => destroy(ours, cdk));
      await step('cdk destroy of pictures', () => destroy(pictures, cdk));
      await step('cdk destroy with Cognito', () => destroy(withUserPool, cdk));
      process.stdout.write(`in all ${((performance.now() - startedAt) / 1_000).toFixed(0)} s\n`);
    }
    return code;
  } finally {
    for (const stop of stops.reverse()) {
      await stop();
    }
  }
}

/** The shell's own, without whatever it knows of AWS or of another DynamoDB. */
function environmentFor(endpoint: string): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(
    ([name]) => !/^(AWS_|POSTAGE_|DYNAMODB_ENDPOINT$)/.test(name),
  );
  const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  return {
    ...Object.fromEntries(others),
    ...credentials,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: endpoint,
  };
}

interface StackToTest extends Settings {
  name: string;
  miniStackLog: () => string;
}

/**
 * One after the other. The first kind runs beside itself, as its users do. The second damages accounts and counts what is
 * due in the whole table, so that its files run one by one. The third looks at all that has been done.
 */
async function testStack(stack: StackToTest): Promise<number> {
  const since = Date.now();
  const rights = 'test/deployed/rights.test.ts';
  const code =
    (await test(['e2e'], [], stack)) ||
    (await test(['deployed'], ['--runInBand', '--testPathIgnorePatterns', rights, OPERATIONS], stack)) ||
    (await test(['deployed'], ['--runTestsByPath', rights], stack));
  if (code !== 0 && !stack.signal.aborted) {
    Object.assign(process.env, stack.environment);
    process.stderr.write(
      `\nFailures in the logs of the stack:\n${await failuresInLogs(stack.name, since)}\n`,
    );
    const errors = stack
      .miniStackLog()
      .split('\n')
      .filter((line) => line.includes(' ERROR '));
    process.stderr.write(`\nErrors of MiniStack:\n${lastLines(errors.join('\n'), 20)}\n`);
  }
  return code;
}

async function untilInterrupted(
  url: string,
  issuer: string,
  endpoint: string,
  signal: AbortSignal,
): Promise<void> {
  process.stdout.write(`
Postage answers at ${url}
A token            ${issuer}/dev/token?sub=alice&scope=
All of AWS         AWS_ENDPOINT_URL=${endpoint} AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
Ctrl-C, or kill ${process.pid}, stops it.
`);
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  const alive = setInterval(() => undefined, 60_000);
  await aborted;
  clearInterval(alive);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof Error && error.name === 'AbortError') {
      console.error('Interrupted. Nothing is left running.');
      process.exit(130);
    }
    process.exit(exitCodeOf(error, 'npm run test:deployed -- --help'));
  },
);
