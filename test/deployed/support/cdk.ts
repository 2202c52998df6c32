import { fileURLToPath } from 'node:url';
import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import * as z from 'zod/mini';
import { lastLines, run } from './commands.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CDK = `${ROOT}/node_modules/.bin/cdk`;

/** MiniStack's own account. */
const ENVIRONMENT = 'aws://000000000000/us-east-1';

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

/** The app as it is deployed for a stage; each has an assembly of its own. */
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

/** @returns the id of the stack's HTTP API */
export async function deploy(deployment: Deployment, settings: CdkSettings): Promise<string> {
  const { stage, config, variables } = deployment;
  const assembly = assemblyOf(deployment, settings);
  const environment = { ...settings.environment, ...variables, POSTAGE_CONFIG: config };
  await cdk(['deploy', '-c', `stage=${stage}`, '--require-approval', 'never', '--output', assembly], {
    ...settings,
    environment,
  });
  return apiOf(deployment, settings);
}

/** By its resource: where CloudFront stands in front, the outputs don't tell it. */
async function apiOf(deployment: Deployment, { environment }: CdkSettings): Promise<string> {
  const client = new CloudFormationClient({
    endpoint: String(environment['AWS_ENDPOINT_URL']),
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const StackName = stackName(deployment);
  const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName }));
  const api = StackResources.find(({ ResourceType }) => ResourceType === 'AWS::ApiGatewayV2::Api');
  return z.parse(z.string(), api?.PhysicalResourceId);
}

/** Deletes what has been deployed. */
export async function destroy(deployment: Deployment, settings: CdkSettings): Promise<void> {
  await cdk(['destroy', '--force', '--app', assemblyOf(deployment, settings)], settings);
}

function assemblyOf({ stage }: Deployment, { directory }: CdkSettings): string {
  return `${directory}/cdk.out.${stage}`;
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
