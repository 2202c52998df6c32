/** `npm run import`: moves an owner's users in, from a file. */
import { connectStripe, connectionBy, type StripeConnection } from '../lambdas/adapters/stripe/connection.ts';
import type { Instant } from '../lambdas/domain/instants.ts';
import { optionalVariable } from '../lambdas/wiring/environment.ts';
import { parseInstant, runProgram } from './command-line.ts';
import { findTable, timeOf } from './find-table.ts';
import { assertFile, checkFile, type CheckedFile } from './import-file.ts';
import { ImportReport, mistakeLines, planLines } from './import-report.ts';
import { type Import, importAll, ImportStoppedError } from './import-user.ts';
import { openStore } from './open-store.ts';
import { startProgressBar } from './progress-bar.ts';
import { UsageError } from './usage-error.ts';

const HELP = `Moves users in who have been an app's before: their balance of purchased credits, their customer at Stripe with its
subscription, and what they have used in the period that is open. docs/moving-in.md has the whole way.

  npm run import -- users.csv [options]

The file has a line for each user, and a first line with the names of the columns:

  user             the "sub" of the user's tokens
  customer         the customer at Stripe, cus_…; empty for a user without one
  balance          purchased credits that they keep
  used_METER       what they have used of a meter in their period; a column that is left out counts as 0
  held_LEVEL       what they hold of a level

  --table TABLE    the table of a deployed stack: its output TableName
  --dynamodb URL   a DynamoDB to use (default: DYNAMODB_ENDPOINT)
  --secret ID      the secret with Stripe's keys: the stack's output StripeSecretArn (default: the key in
                   STRIPE_SECRET_KEY)
  --as-of TIME     when the usage was read, in ISO 8601 (default: when the file was last changed). What was used in a
                   period that has ended since does not count
  --follow-again   lets those who have been imported follow Stripe once more
  --other-prices   imports customers as free users who pay only for what is no plan of the catalogue. Without it they fail:
                   mostly, somebody has forgotten to adopt a price
  --dry-run        changes nothing, even with --yes
  --yes            imports; without it, the file, the table and Stripe are only looked at
  --help           shows this

Without a table it takes the running npm start, the latest if there are several. For a table in AWS it uses the region
and the credentials of the environment, which need dynamodb:DescribeTable, dynamodb:Query, dynamodb:GetItem
and dynamodb:PutItem on the table. At Stripe it only reads: customers, subscriptions and
invoices. It may be broken off and started again with the same file: it imports each user once. The exit code is 1 when
the file has mistakes or a user failed.
`;

function tell(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** @throws UsageError */
function openStripe(secretId: string | undefined): StripeConnection | null {
  const apiUrl = optionalVariable('stripeApiUrl');
  if (secretId !== undefined) {
    return connectStripe(secretId, apiUrl);
  }
  const secretKey = process.env['STRIPE_SECRET_KEY'] ?? '';
  if (secretKey === '') {
    return null;
  }
  if (!/^[sr]k_(test|live)_\S+$/.test(secretKey)) {
    throw new UsageError('STRIPE_SECRET_KEY must be a secret or a restricted key, sk_… or rk_….');
  }
  return connectionBy(() => Promise.resolve({ secretKey, webhookSecret: '' }), apiUrl);
}

/** @throws UsageError */
function asOfOption(text: string, now: Instant): Instant {
  const asOf = parseInstant('--as-of', text);
  if (asOf > now) {
    throw new UsageError(`--as-of is ${text}, which has not come yet: nobody can have read the usage then.`);
  }
  return asOf;
}

/** @returns the code to exit with */
async function importFile(services: Import, file: CheckedFile): Promise<number> {
  tell(...planLines(file, services.asOf));
  const report = new ImportReport();
  const bar = startProgressBar(file.users, 'users', process.stderr);
  try {
    await importAll(services, file, (user, result) => {
      report.add(user, result);
      bar.advance(1);
    });
  } catch (error) {
    if (!(error instanceof ImportStoppedError)) {
      throw error;
    }
    bar.end();
    tell(...report.lines(services.isDry));
    const next = 'Start it again with the same file: it goes on where it stopped.';
    throw new UsageError(`The import has stopped: ${error.message} ${next}`);
  }
  bar.end();
  tell(...report.lines(services.isDry));
  if (services.isDry) {
    tell('Nothing was changed. With --yes it is.');
  }
  return report.failures.count === 0 ? 0 : 1;
}

await runProgram({
  command: 'npm run import',
  help: HELP,
  argument: 'the file of users',
  options: {
    table: { type: 'string' },
    dynamodb: { type: 'string' },
    secret: { type: 'string' },
    'as-of': { type: 'string' },
    'other-prices': { type: 'boolean', default: false },
    'follow-again': { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
    yes: { type: 'boolean', default: false },
  },
  run: async (values, path = '') => {
    await assertFile(path);
    const found = await findTable(values.table, values.dynamodb);
    const store = await openStore(found.table);
    const startedAt = await timeOf(found);
    const file = await checkFile(path, store.catalogue);
    if (file.mistakes.length > 0) {
      tell(...mistakeLines(file), 'Nothing was changed.');
      return 1;
    }
    const stripe = openStripe(values.secret);
    if (stripe === null && file.customers > 0) {
      throw new UsageError(
        'The file names customers at Stripe: set STRIPE_SECRET_KEY, or name the secret with --secret.',
      );
    }
    const aheadMs = startedAt - Date.now();
    const asOf = values['as-of'] === undefined ? file.changedAt : asOfOption(values['as-of'], startedAt);
    const services = {
      store,
      stripe,
      file: file.fingerprint,
      asOf,
      now: () => Date.now() + aheadMs,
      isDry: values['dry-run'] || !values.yes,
      followsAgain: values['follow-again'],
      allowsOtherPrices: values['other-prices'],
    };
    return importFile(services, file);
  },
});
