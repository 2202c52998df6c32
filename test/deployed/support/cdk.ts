import { fileURLToPath } from 'node:url';
import { type Ended, lastLines, run } from './commands.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CDK = `${ROOT}/node_modules/.bin/cdk`;

/** MiniStack's own account. */
const ENVIRONMENT = 'aws://000000000000/us-east-1';

/** It asks the network for nothing but what it is told to deploy. */
const QUIETLY = {
  CDK_DISABLE_VERSION_CHECK: '1',
  CDK_DISABLE_CLI_TELEMETRY: '1',
  CDK_NOTICES: 'false',
  CDK_CI: 'true',
};

export interface Settings {
  environment: NodeJS.ProcessEnv;
  signal?: AbortSignal;
}

/** Prepares the account. @param directory outside the repository, where there is no app to be synthesized for it */
export async function bootstrap(directory: string, settings: Settings): Promise<void> {
  await cdk(['bootstrap', ENVIRONMENT], settings, directory);
}

/** The app as it is deployed for a stage. */
export interface Deployment {
  stage: string;
  /** The owner's file. */
  config: string;
  /** What the file reads: where the tests serve an issuer and Stripe. */
  variables: Readonly<Record<string, string>>;
}

export function stackName({ stage }: Deployment): string {
  return `Postage-${stage}`;
}

/** `npm run deploy`, as its owner runs it. @throws Error with the end of what it said, when it fails */
export async function deploy(deployment: Deployment, settings: Settings): Promise<void> {
  const { code, output } = await tryToDeploy(deployment, settings, ['--yes']);
  if (code !== 0) {
    throw new Error(`npm run deploy -- ${deployment.stage} failed:\n${lastLines(output, 40)}`);
  }
}

/** The same, whatever comes of it. Nobody can be asked. */
export async function tryToDeploy(
  { stage, config, variables }: Deployment,
  { environment, signal }: Settings,
  options: readonly string[] = [],
): Promise<Ended> {
  const env = { ...environment, ...QUIETLY, ...variables };
  const command = ['--run', 'deploy', '--', stage, '--config', config, ...options];
  return run('node', command, { cwd: ROOT, env, signal });
}

/** Deletes what has been deployed. */
export async function destroy({ stage }: Deployment, settings: Settings): Promise<void> {
  await cdk(['destroy', '--force', '--app', `cdk.out/${stage}`], settings);
}

/** @throws Error with the end of what it said, when it fails */
async function cdk(command: string[], { environment, signal }: Settings, cwd = ROOT): Promise<void> {
  const env = { ...environment, ...QUIETLY };
  const { code, output } = await run(CDK, command, { cwd, env, signal });
  if (code !== 0) {
    throw new Error(`cdk ${command[0] ?? ''} failed:\n${lastLines(output, 40)}`);
  }
}
