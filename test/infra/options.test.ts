import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { ROUTES } from '../../lambdas/letters/http/routes.ts';
import { functionNameOf, referenceIn, resourcesOf, templateOf } from './template.ts';

const VAULT = 'arn:aws:backup:eu-central-1:210987654321:backup-vault:copies';

const plain = templateOf({ stage: 'prod' });
const template = templateOf({
  stage: 'prod',
  gradual: true,
  canary: true,
  tracing: true,
  backupCopy: VAULT,
  limits: { reconcilers: 6, batchesAtOnce: { 'email-sender': 50 } },
});

describe('gradual deployment', () => {
  const GROUPS = new Set(ROUTES.map(({ group }) => group));
  const aliases = resourcesOf(template, 'AWS::Lambda::Alias');

  it('gives each function of the API an alias, which CodeDeploy moves by a tenth first', () => {
    expect(aliases).toHaveLength(GROUPS.size);
    for (const [, { Properties, ...alias }] of aliases) {
      expect(Properties['Name']).toBe('live');
      expect(alias).toMatchObject({
        UpdatePolicy: { CodeDeployLambdaAliasUpdate: { ApplicationName: expect.anything() } },
      });
    }
    template.resourceCountIs('AWS::CodeDeploy::DeploymentGroup', GROUPS.size);
    template.allResourcesProperties('AWS::CodeDeploy::DeploymentGroup', {
      DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
      AutoRollbackConfiguration: {
        Enabled: true,
        Events: Match.arrayWith(['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM']),
      },
      AlarmConfiguration: {
        Enabled: true,
        Alarms: [
          { Name: { Ref: Match.stringLikeRegexp('servererrors') } },
          { Name: { Ref: Match.stringLikeRegexp('slow') } },
        ],
      },
    });
  });

  it('lets the gateway call the aliases, and nothing else', () => {
    const called = resourcesOf(template, 'AWS::ApiGatewayV2::Integration').map(([, { Properties }]) =>
      referenceIn(Properties['IntegrationUri']),
    );
    expect(called.sort()).toEqual(aliases.map(([id]) => id).sort());
    const permitted = resourcesOf(template, 'AWS::Lambda::Permission')
      .filter(([, { Properties }]) => Properties['Principal'] === 'apigateway.amazonaws.com')
      .map(([, { Properties }]) => referenceIn(Properties['FunctionName']));
    expect(permitted.sort()).toEqual(aliases.map(([id]) => id).sort());
  });

  it('is not there unless the stage says so', () => {
    plain.resourceCountIs('AWS::Lambda::Alias', 0);
    plain.resourceCountIs('AWS::CodeDeploy::DeploymentGroup', 0);
  });
});

describe('tracing', () => {
  it('is on for every function and the rollover, and off unless the stage says so', () => {
    const modes = (of: typeof template): unknown[] =>
      resourcesOf(of, 'AWS::Lambda::Function')
        .filter(([, { Properties }]) => Properties['Tags'] !== undefined)
        .filter(([, resource]) => functionNameOf(resource) !== '')
        .map(([, { Properties }]) => Properties['TracingConfig']);
    expect(modes(template).every((mode) => JSON.stringify(mode) === '{"Mode":"Active"}')).toBe(true);
    expect(modes(plain).every((mode) => mode === undefined)).toBe(true);
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      TracingConfiguration: { Enabled: true },
    });
  });
});

describe('copies of backups', () => {
  it('go to the vault in the other account each night, encrypted with a key that it may use', () => {
    template.hasResourceProperties('AWS::Backup::BackupPlan', {
      BackupPlan: {
        BackupPlanRule: [
          Match.objectLike({
            ScheduleExpression: 'cron(0 3 * * ? *)',
            Lifecycle: { DeleteAfterDays: 35 },
            CopyActions: [{ DestinationBackupVaultArn: VAULT, Lifecycle: { DeleteAfterDays: 35 } }],
          }),
        ],
      },
    });
    template.hasResource('AWS::Backup::BackupVault', { DeletionPolicy: 'Retain' });
    template.hasResourceProperties('AWS::KMS::Key', {
      EnableKeyRotation: true,
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'kms:Decrypt',
            Principal: { AWS: { 'Fn::Join': ['', Match.arrayWith([':iam::210987654321:root'])] } },
          }),
        ]),
      },
    });
    plain.resourceCountIs('AWS::Backup::BackupPlan', 0);
    plain.resourceCountIs('AWS::KMS::Key', 0);
  });
});

describe('what is due', () => {
  it('is shared by as many functions as the stage says, each with shards of its own', () => {
    const schedules = resourcesOf(template, 'AWS::Scheduler::Schedule')
      .map(([, { Properties }]) => (Properties['Target'] as { Input: string }).Input)
      .filter((input) => input.includes('part'));
    expect(schedules.sort()).toEqual(
      [0, 1, 2, 3, 4, 5].map(
        (index) => `{"now":"<aws.scheduler.scheduled-time>","part":{"index":${String(index)},"of":6}}`,
      ),
    );
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'postage-prod-reconciler-missing',
      Threshold: 6,
    });
  });

  it('is sent by as many batches at once as the stage says, and by two unless told', () => {
    const limits = (of: typeof template): Record<string, unknown> =>
      Object.fromEntries(
        resourcesOf(of, 'AWS::Lambda::EventSourceMapping')
          .filter(([id]) => id.startsWith('Senders'))
          .map(([id, { Properties }]) => [
            id.replace(/^Senders|mapping.*$/g, ''),
            Properties['ScalingConfig'],
          ]),
      );
    const two = { MaximumConcurrency: 2 };
    expect(limits(plain)).toEqual({ deliveryanswers: two, emailsender: two, mailsender: two });
    expect(limits(template)).toMatchObject({ emailsender: { MaximumConcurrency: 50 }, mailsender: two });
  });
});

describe('the queues that functions empty', () => {
  it('hide a message for six times as long as the function may take, so that throttled calls use up no receives', () => {
    const functions = new Map(resourcesOf(plain, 'AWS::Lambda::Function'));
    const queues = new Map(resourcesOf(plain, 'AWS::SQS::Queue'));
    const fed = resourcesOf(plain, 'AWS::Lambda::EventSourceMapping').flatMap(([, { Properties }]) => {
      const queue = queues.get(referenceIn(Properties['EventSourceArn']) ?? '');
      const lambda = functions.get(referenceIn(Properties['FunctionName']) ?? '');
      return queue === undefined
        ? []
        : [[queue.Properties['VisibilityTimeout'], lambda?.Properties['Timeout']]];
    });
    expect(fed).toHaveLength(5);
    for (const [hidden, timeout] of fed) {
      expect(Number(hidden)).toBeGreaterThanOrEqual(6 * Number(timeout));
    }
  });
});

describe('the canary', () => {
  it('runs every five minutes, and keeps what failed', () => {
    const schedules = resourcesOf(template, 'AWS::Scheduler::Schedule').filter(([id]) =>
      id.startsWith('Canary'),
    );
    expect(schedules.map(([, { Properties }]) => Properties['ScheduleExpression'])).toEqual([
      'rate(5 minutes)',
    ]);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmName: 'postage-prod-failed-canaries' });
    expect(resourcesOf(plain, 'AWS::Scheduler::Schedule').some(([id]) => id.startsWith('Canary'))).toBe(
      false,
    );
  });
});

describe('a table that was restored', () => {
  const streamArn =
    'arn:aws:dynamodb:eu-central-1:123456789012:table/restored/stream/2026-03-11T00:00:00.000';
  const restored = templateOf({ stage: 'prod', table: { name: 'restored', streamArn } });

  it('is what every function uses, and its stream what they follow; the stack keeps its own as well', () => {
    const tables = resourcesOf(restored, 'AWS::Lambda::Function').flatMap(([, { Properties }]) => {
      const { Variables = {} } = (Properties['Environment'] ?? {}) as { Variables?: Record<string, unknown> };
      return Variables['POSTAGE_TABLE'] === undefined ? [] : [Variables['POSTAGE_TABLE']];
    });
    expect(new Set(tables)).toEqual(new Set(['restored']));
    const streams = resourcesOf(restored, 'AWS::Lambda::EventSourceMapping')
      .map(([, { Properties }]) => Properties['EventSourceArn'])
      .filter((arn) => typeof arn === 'string');
    expect(streams).toEqual([streamArn, streamArn]);
    const policies = JSON.stringify(resourcesOf(restored, 'AWS::IAM::Policy'));
    expect(policies).not.toMatch(/"Fn::GetAtt":\["DataTable/);
    restored.hasResourceProperties('AWS::DynamoDB::Table', { TableName: 'postage-prod' });
    restored.hasOutput('TableName', { Value: 'restored' });
  });

  it('asks no stage to say that it has none', () => {
    expect(() => templateOf({ stage: 'prod', table: undefined })).not.toThrow();
  });
});
