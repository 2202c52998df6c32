import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { AUDIENCE } from '../../../local/issuer.ts';
import { lastLines, run } from './commands.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CDK = `${ROOT}/node_modules/.bin/cdk`;

/** MiniStack's own account. */
const ENVIRONMENT = 'aws://000000000000/us-east-1';
export const STACK = 'Postage-dev';

export interface CdkSettings {
  /** For its files. */
  directory: string;
  environment: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** Prepares the account. Outside the repository, where there is no app to be synthesized for it. */
export async function bootstrap(settings: CdkSettings): Promise<void> {
  await cdk(['bootstrap', ENVIRONMENT], settings, settings.directory);
}

/** Deploys the app as it is, with tokens of the issuer. @returns the id of its HTTP API */
export async function deploy(issuerUrl: string, settings: CdkSettings): Promise<string> {
  const { directory } = settings;
  const context = ['-c', `issuer=${issuerUrl}`, '-c', `audience=${AUDIENCE}`];
  const outputs = ['--outputs-file', `${directory}/outputs.json`, '--output', `${directory}/cdk.out`];
  await cdk(['deploy', '--require-approval', 'never', ...context, ...outputs], settings);
  const written: unknown = JSON.parse(readFileSync(`${directory}/outputs.json`, 'utf8'));
  const { ApiUrl } = z.parse(z.object({ [STACK]: z.object({ ApiUrl: z.string() }) }), written)[STACK];
  return z.parse(z.string(), /\/\/(\w+)\.execute-api\./.exec(ApiUrl)?.[1]);
}

/** Deletes what has been deployed. */
export async function destroy(settings: CdkSettings): Promise<void> {
  await cdk(['destroy', '--force', '--app', `${settings.directory}/cdk.out`], settings);
}

/** @throws Error with the end of what it said, when it fails */
async function cdk(command: string[], { environment, signal }: CdkSettings, cwd = ROOT): Promise<void> {
  const quietly = ['--no-notices', '--ci', '--no-color'];
  // It asks the network for nothing but what it is told to deploy.
  const env = { ...environment, CDK_DISABLE_VERSION_CHECK: '1', CDK_DISABLE_CLI_TELEMETRY: '1' };
  const { code, output } = await run(CDK, [...command, ...quietly], { cwd, env, signal });
  if (code !== 0) {
    throw new Error(`cdk ${command[0] ?? ''} failed:\n${lastLines(output, 40)}`);
  }
}
