import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { FLAGS } from 'aws-cdk-lib/cx-api';
import { type Variable, VARIABLES } from '../../lambdas/letters/wiring/environment.ts';
import { ROUTES } from '../../lambdas/letters/http/routes.ts';
import { FEATURE_FLAGS, functionNameOf, referenceIn, resourcesOf, templateOf } from './template.ts';

const template = templateOf();
const functions = resourcesOf(template, 'AWS::Lambda::Function').map(([, resource]) => ({
  name: functionNameOf(resource),
  properties: resource.Properties,
}));

function isOfApi(name: string): boolean {
  return ROUTES.some(({ group }) => group === name);
}

/** The variables that a handler reads when it starts, by their names in the environment. */
function variablesReadBy(name: string, which: 'required' | 'required|optional'): string[] {
  const folder = isOfApi(name) ? 'api' : 'jobs';
  // A handler of the letters app may be the core's of the same name that does more.
  const source = ['letters/', '']
    .map((floor) => new URL(`../../lambdas/${floor}${folder}/${name}.ts`, import.meta.url))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join();
  const read = [...source.matchAll(new RegExp(`(?:${which})Variable\\('(\\w+)'\\)`, 'g'))].map(
    ([, variable]) => VARIABLES[variable as Variable],
  );
  return [
    ...read,
    ...(source.includes('catalogueInForce()') ? [VARIABLES.catalogueSince] : []),
    // What reaches the table tells the stage's metric what it has waited for.
    ...(which === 'required|optional' && read.includes(VARIABLES.table) ? [VARIABLES.stage] : []),
  ];
}

describe('the functions', () => {
  it.each(functions)('$name runs on Node 24 with a log of its own', ({ properties }) => {
    expect(properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
    });
    expect(referenceIn((properties['LoggingConfig'] as { LogGroup: unknown }).LogGroup)).not.toBeNull();
  });

  it.each(functions)(
    '$name is given the variables that its handler requires, and none that it does not read',
    ({ name, properties }) => {
      const { Variables } = properties['Environment'] as { Variables: Record<string, string> };
      const given = Object.keys(Variables).filter((variable) => variable.startsWith('POSTAGE_'));

      expect(given).toEqual(expect.arrayContaining(variablesReadBy(name, 'required')));
      expect(variablesReadBy(name, 'required|optional')).toEqual(expect.arrayContaining(given));
    },
  );

  it('answer before the gateway gives up after 30 s', () => {
    const waitedFor = functions.filter(({ name }) => isOfApi(name));

    expect(waitedFor.map(({ properties }) => properties['Timeout'])).toEqual(waitedFor.map(() => 25));
  });
});

describe('the logs', () => {
  it('are forgotten after three months, and that of the gateway, which has addresses, after two weeks', () => {
    const groups = resourcesOf(template, 'AWS::Logs::LogGroup');

    // One per function, one of the gateway and one of the state machine.
    expect(groups).toHaveLength(functions.length + 2);
    for (const [, { Properties, DeletionPolicy }] of groups) {
      const hasAddresses = Properties['LogGroupName'] === '/aws/vendedlogs/postage-dev/api';
      expect(Properties['RetentionInDays']).toBe(hasAddresses ? 14 : 90);
      expect(DeletionPolicy).toBe('Delete');
    }
  });
});

describe('the rollover', () => {
  it('starts at midnight UTC with the time for which it is scheduled', () => {
    // This one, the reconciler's and that of Stripe's check.
    template.resourceCountIs('AWS::Scheduler::Schedule', 3);
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'cron(0 0 * * ? *)',
      ScheduleExpressionTimezone: 'Etc/UTC',
      State: 'ENABLED',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: { Ref: Match.stringLikeRegexp('RolloverStateMachine') },
        Input: '{"now":"<aws.scheduler.scheduled-time>"}',
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('unstartedrollovers'), 'Arn'] } },
        RetryPolicy: { MaximumRetryAttempts: 60, MaximumEventAgeInSeconds: 7200 },
      },
    });
  });

  it('is the definition that the local runtime executes, with the functions put in', () => {
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      DefinitionString: readFileSync(new URL('../../lib/rollover.asl.json', import.meta.url), 'utf8'),
      DefinitionSubstitutions: {
        RollPageFunctionArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('rolloverpage'), 'Arn'] },
        SummarizeFunctionArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('rolloversummary'), 'Arn'] },
        Partition: { Ref: 'AWS::Partition' },
      },
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
    });
  });
});

describe('the queues', () => {
  const queues = resourcesOf(template, 'AWS::SQS::Queue');

  it('are encrypted, and keep what they get for as long as they can', () => {
    expect(queues.length).toBeGreaterThan(0);
    for (const [, { Properties }] of queues) {
      expect(Properties).toMatchObject({
        SqsManagedSseEnabled: true,
        MessageRetentionPeriod: 14 * 24 * 60 * 60,
      });
    }
  });

  it('refuse connections without TLS', () => {
    const policies = resourcesOf(template, 'AWS::SQS::QueuePolicy');
    const guarded = policies.flatMap(([, { Properties }]) => {
      const { Statement } = Properties['PolicyDocument'] as { Statement: Record<string, unknown>[] };
      const refuses = Statement.some(
        ({ Effect, Condition }) =>
          Effect === 'Deny' && JSON.stringify(Condition) === '{"Bool":{"aws:SecureTransport":"false"}}',
      );
      return refuses ? (Properties['Queues'] as unknown[]).map(referenceIn) : [];
    });

    expect(guarded.sort()).toEqual(queues.map(([id]) => id).sort());
  });
});

describe('the feature flags of the CDK', () => {
  it('are all set, so that none comes to change the template of a stack that lives', () => {
    const known = Object.entries(FLAGS).filter(([, { introducedIn }]) => introducedIn.v2 !== undefined);
    const recommended = Object.fromEntries(known.map(([name, flag]) => [name, flag.recommendedValue]));
    // Statements that are merged can't be compared with the list of rights, one by one.
    expect(FEATURE_FLAGS).toEqual({ ...recommended, '@aws-cdk/aws-iam:minimizePolicies': false });
  });
});

describe('roles of services', () => {
  it('are for what is in this account alone', () => {
    const trusts = resourcesOf(template, 'AWS::IAM::Role').flatMap(([id, { Properties }]) => {
      const { Statement } = Properties['AssumeRolePolicyDocument'] as {
        Statement: { Principal: { Service: string }; Condition?: object }[];
      };
      return Statement.map(({ Principal, Condition }) => ({ id, service: Principal.Service, Condition }));
    });
    const others = trusts.filter(({ service }) => service !== 'lambda.amazonaws.com');
    expect(others.length).toBeGreaterThan(3);
    for (const { Condition } of others) {
      expect(Condition).toMatchObject({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } });
    }
  });
});

describe('a protected stage', () => {
  const prod = templateOf({ stage: 'prod', retention: { logDays: 365 } });

  it('keeps logs for as long as it says, and addresses for two weeks', () => {
    const days = resourcesOf(prod, 'AWS::Logs::LogGroup').map(
      ([, { Properties }]) => Properties['RetentionInDays'],
    );
    expect(new Set(days)).toEqual(new Set([365, 14]));
  });

  it('does not read source maps where users wait', () => {
    const mapped = (given: typeof prod): number =>
      resourcesOf(given, 'AWS::Lambda::Function').filter(([, { Properties }]) =>
        JSON.stringify(Properties['Environment']).includes('--enable-source-maps'),
      ).length;
    expect([mapped(prod), mapped(template)]).toEqual([0, functions.length]);
  });
});

describe('logs that AWS delivers', () => {
  it('have the name that leaves the account’s policy for them as it is', () => {
    const names = resourcesOf(template, 'AWS::Logs::LogGroup').flatMap(
      ([, { Properties }]) => Properties['LogGroupName'] ?? [],
    );
    expect(names.sort()).toEqual(['/aws/vendedlogs/postage-dev/api', '/aws/vendedlogs/postage-dev/rollover']);
  });
});
