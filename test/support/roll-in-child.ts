/**
 * A rollover run in a process of its own, which can be killed: `node --expose-gc roll-in-child.ts <endpoint> <table>
 * <now> <limit>`. After each page it prints what the page did and how much memory is held, as one line of JSON.
 */
import { LETTERS } from './catalogues.ts';
import { createStore } from '../../lambdas/adapters/dynamodb/store.ts';
import { DUE_SHARDS } from '../../lambdas/adapters/dynamodb/table-schema.ts';
import { type PageReport, rollShard } from './rollovers.ts';

const [endpoint = '', table = '', now = '', limit = ''] = process.argv.slice(2);
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
const store = createStore(table, LETTERS, { endpoint, region: 'eu-west-1', credentials });

for (let shard = 0; shard < DUE_SHARDS; shard += 1) {
  for await (const results of rollShard(store, shard, Number(now), Number(limit))) {
    const rolled = results.filter(({ outcome }) => outcome === 'rolled').length;
    globalThis.gc?.();
    const report: PageReport = {
      rolled,
      others: results.length - rolled,
      heapBytes: process.memoryUsage().heapUsed,
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
}
store.client.destroy();
