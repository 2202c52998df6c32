import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VARIABLES } from '../../lambdas/letters/wiring/environment.ts';
import { type FunctionName, RIGHTS } from '../../lib/rights.ts';
import { createPostageApp } from '../../lib/postage-app.ts';
import { FEATURE_FLAGS, functionNameOf, LETTERS, type Resource, SENDERS } from './template.ts';

const FUNCTIONS = Object.keys(RIGHTS) as FunctionName[];
const LIMIT_BYTES = 400_000;
/** Stripe's SDK is most of it. */
const WEBHOOK_LIMIT_BYTES = 600_000;
const DELIVERIES_LIMIT_BYTES = 700_000;

const outdir = mkdtempSync(join(tmpdir(), 'postage-bundles-'));
const folders = new Map<string, string>();

function folderOf(name: FunctionName): string {
  return folders.get(name) ?? 'missing';
}

/** Imports the bundle as Lambda does, in a process of its own. @returns the type of what it exports as `handler` */
function importBundle(name: FunctionName): string {
  const arn = 'arn:aws:states:eu-central-1:123456789012:stateMachine:x';
  const variables = {
    ...Object.fromEntries(Object.values(VARIABLES).map((variable) => [variable, arn] as const)),
  };
  const { href } = pathToFileURL(join(folderOf(name), 'index.mjs'));
  const script = `const { handler } = await import('${href}'); process.stdout.write(typeof handler); process.exit();`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    env: { AWS_REGION: 'eu-central-1', ...variables },
    encoding: 'utf8',
  });
}

// As `cdk synth` bundles them.
beforeAll(() => {
  const stages = {
    dev: { disposable: true, appUrl: 'http://localhost:3000', senders: SENDERS, canary: true, page: {} },
  };
  const config = { ...LETTERS.config, stages };
  const context = { ...FEATURE_FLAGS, 'aws:cdk:enable-asset-metadata': true };
  const app = createPostageApp({ ...LETTERS, config }, { outdir, checksRules: false, context });
  const [stack] = app.synth().stacks;
  const { Resources } = stack?.template as {
    Resources: Record<string, Resource & { Metadata?: Record<string, string> }>;
  };
  for (const resource of Object.values(Resources)) {
    if (resource.Type === 'AWS::Lambda::Function') {
      folders.set(functionNameOf(resource), join(outdir, resource.Metadata?.['aws:asset:path'] ?? ''));
    }
  }
}, 300_000);

afterAll(() => {
  rmSync(outdir, { recursive: true, force: true });
});

describe('the bundles', () => {
  it.each(['letters', 'usage'] as const)('of the routes for %s are below 400 kB', (name) => {
    expect(statSync(join(folderOf(name), 'index.mjs')).size).toBeLessThan(LIMIT_BYTES);
  });

  it('of the webhooks is below 600 kB', () => {
    expect(statSync(join(folderOf('webhooks'), 'index.mjs')).size).toBeLessThan(WEBHOOK_LIMIT_BYTES);
  });

  it('of the routes for deliveries is below 700 kB', () => {
    expect(statSync(join(folderOf('deliveries'), 'index.mjs')).size).toBeLessThan(DELIVERIES_LIMIT_BYTES);
  });

  it.each(FUNCTIONS)('of %s can be imported and exports its handler', (name) => {
    expect(importBundle(name)).toBe('function');
  });

  it('of the documentation has the files of its page beside it', () => {
    for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']) {
      expect(existsSync(join(folderOf('docs'), file))).toBe(true);
    }
  });

  it('of what publishes the page has the built page beside it', () => {
    const page = join(folderOf('publish-page'), 'page');
    expect(readdirSync(page).sort()).toEqual([
      'assets',
      'example',
      'icon.svg',
      'index.html',
      'postage-usage.js',
    ]);
  });
});
