/** `npm run stripe`: makes and checks what the owner's account at Stripe has to have. */
import { connectionBy, type StripeConnection } from '../lambdas/adapters/stripe/connection.ts';
import {
  NotConfiguredError,
  StripeRejectedError,
  StripeUnavailableError,
} from '../lambdas/adapters/stripe/errors.ts';
import { findAdoption } from '../lambdas/adapters/stripe/setup/adopt.ts';
import { carryOut } from '../lambdas/adapters/stripe/setup/carry-out.ts';
import type { Difference } from '../lambdas/adapters/stripe/setup/step.ts';
import { wantedAtStripe, type WantedAtStripe } from '../lambdas/adapters/stripe/setup/wanted.ts';
import { CORE_HANDLERS } from '../lambdas/commands/core-stripe-handlers.ts';
import { BILLING_INTERVALS, type Catalogue, catalogueOf } from '../lambdas/domain/catalogue.ts';
import { EVENT_HANDLERS } from '../lambdas/letters/commands/stripe-event-handlers.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import { loadConfig } from '../lib/load-config.ts';
import { runProgram } from './command-line.ts';
import { findTarget, type StripeTarget } from './stripe-keys.ts';
import { checkStripe, setUpStripe } from './stripe-setup.ts';
import { tryStripe } from './stripe-try.ts';
import { UsageError } from './usage-error.ts';

const WORDS = ['setup', 'check', 'adopt', 'try'] as const;

const HELP = `Makes and checks what your account at Stripe has to have: a product for each plan and bundle, their prices, the
webhook endpoint and the Portal's configuration.

  npm run stripe -- setup    tells what it would make and change; with --yes it does
  npm run stripe -- check    tells what is not as it has to be, and how to mend it

  npm run stripe -- adopt price_1Abc=pro/month
                             marks prices that are there already, so that their subscribers have the plan; with --yes
  npm run stripe -- try      with the key of a sandbox, tries what no documentation tells; with --yes it begins

  --stage STAGE   the stage, whose stack Postage-STAGE tells its secret and its webhook address
  --secret ARN    the secret that holds Stripe's keys, in place of the stack's
  --url URL       the address of the webhook, in place of the stack's
  --config FILE   the catalogue (default: postage.config.ts)
  --rolled        you have rolled the endpoint's signing secret at Stripe, and put the new one into the secret
  --yes           lets setup, adopt and try make and change things
  --help          shows this

STRIPE_SECRET_KEY=sk_… is used in place of the key in the secret. Without --stage and --secret it is all that is needed, the
stage is dev, an endpoint is made only with --url, and its signing secret is shown once: "stripe listen" needs none. For
a secret in AWS it uses the region and the credentials of the environment, which need secretsmanager:GetSecretValue and
secretsmanager:PutSecretValue on it, and cloudformation:DescribeStacks on the stack. docs/stripe.md tells which rights
a restricted key needs. The exit code is 1 when something is left that is not as it has to be.

try takes a test key in STRIPE_SECRET_KEY alone, and reads with STRIPE_RESTRICTED_KEY=rk_test_… where that is set. For each point
it tells what Stripe did beside what Postage expects, and takes away what it has made. The exit code is 1 when they differ.
`;

/** Another server than Stripe's, for tests. */
const API_URL = process.env['POSTAGE_STRIPE_API_URL'] ?? '';

function tell(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

function linesOf(differences: readonly Difference[]): string[] {
  return differences.flatMap(({ says, mend }) => [says, `  ${mend}`]);
}

const WITHIN_MS = 60_000;

async function catalogueIn(config: string | undefined): Promise<Catalogue> {
  return catalogueOf((await loadConfig(config)).config.catalogue, Date.now());
}

async function wantedFor(
  { stage, webhookUrl }: StripeTarget,
  config: string | undefined,
): Promise<WantedAtStripe> {
  const { catalogue, letters } = (await loadConfig(config)).config;
  const events = Object.keys(letters === null ? CORE_HANDLERS : EVENT_HANDLERS);
  return wantedAtStripe(catalogueOf(catalogue, Date.now()), { stage, webhookUrl, events });
}

/** Reads the keys for each request, since a step may keep another one. */
function connect({ keeper }: StripeTarget): StripeConnection {
  const keys = async () => {
    const { secretKey, webhookSecret } = await keeper.kept();
    return { secretKey, webhookSecret: webhookSecret ?? '' };
  };
  return connectionBy(keys, API_URL === '' ? null : API_URL);
}

async function setUp(target: StripeTarget, wanted: WantedAtStripe, isCarriedOut: boolean): Promise<number> {
  const connection = connect(target);
  if (!isCarriedOut) {
    const found = await checkStripe(connection, wanted, target.keeper);
    tell(...linesOf(found));
    tell(
      found.some(({ step }) => step !== null)
        ? 'Nothing was changed. Setup does what stands behind its name with --yes.'
        : 'There is nothing that setup would change.',
    );
    return found.length === 0 ? 0 : 1;
  }
  let steps = 0;
  const left = await setUpStripe(connection, wanted, target.keeper, ({ says, mend }) => {
    steps += 1;
    tell(says, `  ${mend}`);
  });
  tell(`${String(steps)} ${steps === 1 ? 'change' : 'changes'} made.`);
  if (left.length > 0) {
    tell('This is left:', ...linesOf(left));
  }
  return left.length === 0 ? 0 : 1;
}

async function check(target: StripeTarget, wanted: WantedAtStripe): Promise<number> {
  const found = await checkStripe(connect(target), wanted, target.keeper);
  tell(...linesOf(found));
  tell(found.length === 0 ? 'Everything is as it has to be.' : `${String(found.length)} found.`);
  return found.length === 0 ? 0 : 1;
}

const ORDER = /^(price_\w+)=([a-z]\w*)\/(month|year)$/;

async function adopt(
  target: StripeTarget,
  catalogue: Catalogue,
  orders: readonly string[],
  isCarriedOut: boolean,
): Promise<number> {
  const connection = connect(target);
  if (orders.length === 0) {
    throw new UsageError('Name prices, such as price_1Abc=pro/month.');
  }
  const found: Difference[] = [];
  for (const order of orders) {
    const [, id = '', plan = '', named] = ORDER.exec(order) ?? [];
    const interval = BILLING_INTERVALS.find((each) => each === named);
    if (interval === undefined) {
      throw new UsageError(
        `"${order}" must be a price, a plan and an interval, such as price_1Abc=pro/month.`,
      );
    }
    const deadline = deadlineIn(WITHIN_MS);
    const adoption = await findAdoption(connection, id, { plan, interval }, catalogue, deadline);
    if (adoption.outcome === 'refused') {
      throw new UsageError(adoption.because);
    }
    found.push(...adoption.steps);
  }
  tell(...linesOf(found));
  if (!isCarriedOut) {
    tell(found.length === 0 ? 'There is nothing to change.' : 'Nothing was changed. It is done with --yes.');
    return 0;
  }
  for (const { step } of found) {
    if (step !== null) {
      await carryOut(connection, target.keeper, step, deadlineIn(WITHIN_MS));
    }
  }
  tell(`${String(found.length)} ${found.length === 1 ? 'change' : 'changes'} made.`);
  return 0;
}

/** What its user can mend is told in one line. */
async function inWords<Answer>(asking: Promise<Answer>): Promise<Answer> {
  try {
    return await asking;
  } catch (error) {
    const isTold =
      error instanceof NotConfiguredError ||
      error instanceof StripeUnavailableError ||
      error instanceof StripeRejectedError;
    throw isTold ? new UsageError(error.message) : error;
  }
}

await runProgram({
  command: 'npm run stripe',
  help: HELP,
  words: WORDS,
  listing: ['adopt'],
  options: {
    stage: { type: 'string' },
    secret: { type: 'string' },
    url: { type: 'string' },
    config: { type: 'string' },
    rolled: { type: 'boolean', default: false },
    yes: { type: 'boolean', default: false },
  },
  run: async ({ config, yes, ...options }, word, rest) => {
    if (word === 'check' && (yes || options.rolled)) {
      throw new UsageError('--yes and --rolled change something, and check does not.');
    }
    if (word === 'try') {
      if (options.rolled || [options.stage, options.secret, options.url].some((each) => each !== undefined)) {
        throw new UsageError('try takes STRIPE_SECRET_KEY and --yes, and no stage, secret or address.');
      }
      const catalogue = await catalogueIn(config);
      const tell = (text: string): unknown => process.stdout.write(text);
      return tryStripe({ catalogue, apiUrl: API_URL === '' ? null : API_URL, isCarriedOut: yes, tell });
    }
    const target = await findTarget({ stage: undefined, secret: undefined, url: undefined, ...options });
    if (word === 'adopt') {
      return inWords(adopt(target, await catalogueIn(config), rest, yes));
    }
    const wanted = await wantedFor(target, config);
    return inWords(word === 'setup' ? setUp(target, wanted, yes) : check(target, wanted));
  },
});
