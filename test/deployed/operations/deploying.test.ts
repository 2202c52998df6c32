import { describe, expect, it } from '@jest/globals';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetStackPolicyCommand,
} from '@aws-sdk/client-cloudformation';
import {
  CognitoIdentityProviderClient,
  DescribeUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { readOutputs } from '../../e2e/support/stack.ts';
import { poolOutputs } from '../support/cognito.ts';
import { type Deployment, deploy, stackName, tryToDeploy } from '../support/cdk.ts';
import { physicalNames } from '../support/stack.ts';

const KEPT: Deployment = { stage: 'kept', config: 'test/deployed/kept.config.ts', variables: {} };
const WITHOUT_POOL: Deployment = {
  ...KEPT,
  variables: { POSTAGE_OTHER_ISSUER: 'https://login.example.com/' },
};
const NAME = stackName(KEPT);
const LOSS =
  'The user pool Identity/UserPool would be removed. It would stay in the account with what it holds, and nothing would use it.';
const DEPLOYS_WITHIN_MS = 600_000;

const cloudFormation = new CloudFormationClient();
const settings = { environment: process.env };

/** What the stack's policy keeps a deployment from doing. */
async function refusedByPolicy(): Promise<unknown> {
  const { StackPolicyBody = '{}' } = await cloudFormation.send(
    new GetStackPolicyCommand({ StackName: NAME }),
  );
  const { Statement } = JSON.parse(StackPolicyBody) as { Statement: { Effect: string; Action: unknown }[] };
  return Statement.filter(({ Effect }) => Effect === 'Deny').map(({ Action }) => Action);
}

/** MiniStack keeps the policy, and does not enforce it. */
const NEITHER = [['Update:Replace', 'Update:Delete']];

async function pools(): Promise<number> {
  return (await physicalNames(NAME, 'AWS::Cognito::UserPool')).size;
}

describe('npm run deploy', () => {
  let userPool = '';

  it(
    'deploys a protected stage, which from then on refuses to lose what it holds',
    async () => {
      await deploy(KEPT, settings);
      const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: NAME }));
      expect(Stacks).toMatchObject([{ StackStatus: 'CREATE_COMPLETE', EnableTerminationProtection: true }]);
      expect(await refusedByPolicy()).toEqual(NEITHER);
      userPool = (await readOutputs(NAME, poolOutputs)).UserPoolId;
    },
    DEPLOYS_WITHIN_MS,
  );

  it(
    'changes nothing when nothing has changed, and asks nothing',
    async () => {
      const { code, output } = await tryToDeploy(KEPT, settings);
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('(no changes)') });
      expect(output).not.toContain('would');
    },
    DEPLOYS_WITHIN_MS,
  );

  it(
    'says what would be taken out of use, and does nothing while nobody agrees',
    async () => {
      const { code, output } = await tryToDeploy(WITHOUT_POOL, settings);
      expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(`  ${LOSS}\n`) });
      expect(output).toContain('nobody can be asked here. --yes agrees to it.');
      expect(output).not.toContain('3 of 3');
      expect(await pools()).toBe(1);
      expect(await refusedByPolicy()).toEqual(NEITHER);
    },
    DEPLOYS_WITHIN_MS,
  );

  it(
    'goes on with --yes, keeps what was told to be kept, and refuses the next loss again',
    async () => {
      const { code, output } = await tryToDeploy(WITHOUT_POOL, settings, ['--yes']);
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining(`  ${LOSS}\n`) });
      expect(await pools()).toBe(0);
      const kept = new DescribeUserPoolCommand({ UserPoolId: userPool });
      expect((await new CognitoIdentityProviderClient().send(kept)).UserPool?.Id).toBe(userPool);
      expect(await refusedByPolicy()).toEqual(NEITHER);
    },
    DEPLOYS_WITHIN_MS,
  );
});
