/**
 * Imports a file in a process of its own, which can be killed: `node import-in-child.ts <endpoint> <table> <stripe> <key>
 * <file> <now>`. At its end it prints how many users came to what, as one line of JSON.
 */
import { createStore } from '../../lambdas/adapters/dynamodb/store.ts';
import { connectionBy } from '../../lambdas/adapters/stripe/connection.ts';
import { checkFile } from '../../local/import-file.ts';
import { importAll } from '../../local/import-user.ts';
import { LETTERS } from './catalogues.ts';

const [endpoint = '', table = '', stripeUrl = '', secretKey = '', path = '', now = ''] =
  process.argv.slice(2);
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const store = createStore(table, LETTERS, { endpoint, region: 'eu-west-1', credentials });
const file = await checkFile(path, LETTERS);
const counts: Record<string, number> = {};
await importAll(
  {
    store,
    stripe: connectionBy(() => Promise.resolve({ secretKey, webhookSecret: '' }), stripeUrl),
    file: file.fingerprint,
    asOf: Number(now),
    now: () => Number(now),
    isDry: false,
    followsAgain: false,
    allowsOtherPrices: false,
  },
  file,
  (_, { is }) => {
    counts[is] = (counts[is] ?? 0) + 1;
  },
);
process.stdout.write(`${JSON.stringify(counts)}\n`);
store.client.destroy();
