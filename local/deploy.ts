/** `npm run deploy`: deploys a stage, and asks first where data would be removed or replaced. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import {
  CloudFormationClient,
  GetTemplateCommand,
  SetStackPolicyCommand,
} from '@aws-sdk/client-cloudformation';
import { loadConfig } from '../lib/load-config.ts';
import { runProgram } from './command-line.ts';
import { dataLosses, TYPES_WITH_DATA } from './data-losses.ts';
import { UsageError } from './usage-error.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CDK = `${ROOT}node_modules/.bin/cdk`;

const HELP = `Deploys a stage of postage.config.ts to the AWS account and region of the environment.

  npm run deploy -- STAGE [options]

  --config FILE  another file than postage.config.ts
  --yes          goes on without asking, also where data would be removed or replaced
  --help         shows this

It synthesizes the stage, compares it with what is deployed, says what would be removed or replaced that holds data (tables,
user pools, buckets, queues, secrets), and asks. Then CDK deploys it, asks about wider rights, and shows its progress. While nobody has
agreed, a protected stage has a stack policy that lets no deployment remove or replace such a resource, whoever starts it.

The account and region must be bootstrapped once: npx cdk bootstrap. docs/stages.md has what a stage is told.
`;

interface Deployment {
  stage: string;
  config: string | undefined;
  isAgreed: boolean;
}

const client = new CloudFormationClient();

async function deploy({ stage, config, isAgreed }: Deployment): Promise<number> {
  const { file, config: loaded } = await loadConfig(config);
  const isProtected = loaded.stages[stage]?.disposable !== true;
  const stack = `Postage-${stage}`;
  const assembly = `cdk.out/${stage}`;

  tell(`1 of 3: ${stack} is synthesized …`);
  const synthesis = ['synth', '--quiet', '--context', `stage=${stage}`, '--output', assembly];
  const code = await cdk(synthesis, { POSTAGE_CONFIG: file });
  if (code !== 0) {
    return code;
  }

  tell('2 of 3: It is compared with what is deployed …');
  const deployed = await deployedTemplate(stack);
  const planned: unknown = JSON.parse(readFileSync(`${ROOT}${assembly}/${stack}.template.json`, 'utf8'));
  const losses = deployed === null ? [] : dataLosses(deployed, planned);
  tell(...losses.map((loss) => `  ${loss}`));
  if (losses.length > 0 && !isAgreed && !(await agrees(stack))) {
    tell('Nothing was deployed.');
    return 1;
  }
  if (losses.length > 0) {
    await setPolicy(stack, []);
  }

  tell(`3 of 3: ${stack} is deployed …`);
  const approval = isAgreed ? 'never' : 'broadening';
  const result = await cdk(['deploy', '--app', assembly, '--require-approval', approval]);
  if (isProtected && (result === 0 || deployed !== null)) {
    await setPolicy(stack, TYPES_WITH_DATA);
  }
  return result;
}

/** Null before the first deployment. @throws UsageError */
async function deployedTemplate(StackName: string): Promise<unknown> {
  try {
    const { TemplateBody = '{}' } = await client.send(
      new GetTemplateCommand({ StackName, TemplateStage: 'Original' }),
    );
    return JSON.parse(TemplateBody);
  } catch (error) {
    if (error instanceof Error && error.message.includes(' does not exist')) {
      return null;
    }
    throw new UsageError(`The stack ${StackName} can't be read. (${String(error)})`);
  }
}

/** No deployment may remove or replace what is of these types, not even one that `cdk deploy` starts. */
async function setPolicy(StackName: string, types: readonly string[]): Promise<void> {
  const everything = { Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' };
  const kept = {
    ...everything,
    Effect: 'Deny',
    Action: ['Update:Replace', 'Update:Delete'],
    Condition: { StringEquals: { ResourceType: types } },
  };
  const Statement = types.length === 0 ? [everything] : [everything, kept];
  await client.send(new SetStackPolicyCommand({ StackName, StackPolicyBody: JSON.stringify({ Statement }) }));
}

/** @throws UsageError where nobody can be asked */
async function agrees(stack: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new UsageError('This takes data out of use, and nobody can be asked here. --yes agrees to it.');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`Type ${stack} to go on: `);
  terminal.close();
  return answer.trim() === stack;
}

async function cdk(command: readonly string[], variables: Record<string, string> = {}): Promise<number> {
  const child = spawn(CDK, command, { cwd: ROOT, env: { ...process.env, ...variables }, stdio: 'inherit' });
  await once(child, 'exit');
  return child.exitCode ?? 1;
}

function tell(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

await runProgram({
  command: 'npm run deploy',
  help: HELP,
  options: { config: { type: 'string' }, yes: { type: 'boolean', default: false } },
  argument: 'a stage, such as dev',
  run: ({ config, yes }, stage = '') => deploy({ stage, config, isAgreed: yes }),
});
