/**
 * Applies the letters app's catalogue, with another allowance, in a process of its own, which can be killed: `node
 * --expose-gc apply-in-child.ts <endpoint> <table> <now>`. After each page it prints how many accounts it has changed and
 * how much memory is held, as one line of JSON.
 */
import { createStore } from '../../lambdas/adapters/dynamodb/store.ts';
import { applyToAll } from '../../local/apply-catalogue.ts';
import { lettersWithMore } from './catalogues.ts';

const [endpoint = '', table = '', now = ''] = process.argv.slice(2);
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const store = createStore(table, lettersWithMore(Number(now)), {
  endpoint,
  region: 'eu-west-1',
  credentials,
});

for await (const { results } of applyToAll(store, Number(now))) {
  const changed = results.filter(({ outcome }) => outcome === 'changed').length;
  globalThis.gc?.();
  const heapBytes = process.memoryUsage().heapUsed;
  process.stdout.write(`${JSON.stringify({ changed, others: results.length - changed, heapBytes })}\n`);
}
store.client.destroy();
