/** `npm start`: runs Postage on this machine until Ctrl-C. */
import { resolve } from 'node:path';
import type { StageEntry, Stages } from '../lib/stages.ts';
import { parsePort, runProgram } from './command-line.ts';
import { UsageError } from './usage-error.ts';
import { useConfig } from './use-config.ts';

const HELP = `Runs Postage on this machine, with an embedded DynamoDB and a stand-in for Stripe.

  npm start -- [options]

  --port PORT   the port of the API on 127.0.0.1; 0 takes a free one (default: 3000)
  --data DIR    keeps data, keys and the clock in DIR; without it they end with the process
  --config FILE another catalogue than postage.config.ts, such as examples/letters/postage.config.ts
  --no-demo     starts without the demo users, who need the letters app as it is shipped
  --stage NAME  whose settings in the file hold: which origins may call (default: dev, or else the first)
  --json        prints one line of JSON for scripts: addresses, secrets and tokens
  --help        shows this

DYNAMODB_ENDPOINT uses another DynamoDB in place of the embedded one. STRIPE_SECRET_KEY=sk_test_… uses a sandbox at
Stripe in place of the stand-in. It needs STRIPE_WEBHOOK_SECRET, which "stripe listen --forward-to URL/webhooks/stripe"
prints. docs/stripe.md tells the whole way.
`;

/** @throws UsageError */
function entryOf(name: string | undefined, stages: Stages): Partial<StageEntry> {
  const { dev, ...others } = stages;
  const entry = name === undefined ? (dev ?? Object.values(others)[0] ?? {}) : stages[name];
  if (entry === undefined) {
    throw new UsageError(
      `The file has no stage "${String(name)}". It has ${Object.keys(stages).join(', ')}.`,
    );
  }
  return entry;
}

await runProgram({
  command: 'npm start',
  help: HELP,
  options: {
    port: { type: 'string', default: '3000' },
    data: { type: 'string' },
    config: { type: 'string' },
    stage: { type: 'string' },
    demo: { type: 'boolean', default: true },
    json: { type: 'boolean', default: false },
  },
  run: async ({ port, data, config, stage, demo, json }) => {
    const { stages } = await useConfig(config);
    const dataDir = data === undefined ? undefined : resolve(data);
    const { origins } = entryOf(stage, stages);
    const { serve } = await import('./serve.ts');
    await serve({ port: parsePort(port), dataDir, origins: origins ?? [], withDemo: demo, asJson: json });
    return null;
  },
});
