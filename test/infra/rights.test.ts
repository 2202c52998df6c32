import { describe, expect, it } from '@jest/globals';
import { type FunctionName, type ResourceName, type Right, RIGHTS } from '../../lib/rights.ts';
import { functionNameOf, referenceIn, resourcesOf, templateOf } from './template.ts';

const template = templateOf({ canary: true, page: {} });

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, string[]>>;
}

function listOf<Value>(value: Value | Value[]): Value[] {
  return Array.isArray(value) ? value : [value];
}

/** Every statement of every policy that a role has. */
function statementsOfRole(roleId: string): Statement[] {
  return resourcesOf(template, 'AWS::IAM::Policy')
    .filter(([, { Properties }]) =>
      (Properties['Roles'] as unknown[]).some((role) => referenceIn(role) === roleId),
    )
    .flatMap(([, { Properties }]) => (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement);
}

function roleOfTheOnly(type: string, property: (properties: Record<string, unknown>) => unknown): string {
  const roles = resourcesOf(template, type).map(([, { Properties }]) => referenceIn(property(Properties)));
  expect(roles).toHaveLength(1);
  return roles[0] ?? '';
}

/** A resource of a statement, by the name that the rights give it; what is none of them comes back as it is. */
function nameOf(resource: unknown): string {
  const text = JSON.stringify(resource);
  const names: [RegExp, ResourceName][] = [
    [/^\{"Fn::GetAtt":\["DataTable\w+","Arn"\]\}$/, 'table'],
    [
      /^\{"Fn::Join":\["",\[\{"Fn::GetAtt":\["DataTable\w+","Arn"\]\},"\/index\/ListIndex"\]\]\}$/,
      'listIndex',
    ],
    [/^\{"Fn::Join":\["",\[\{"Fn::GetAtt":\["DataTable\w+","Arn"\]\},"\/index\/DueIndex"\]\]\}$/, 'dueIndex'],
    [/^\{"Fn::GetAtt":\["CronSecret","Id"\]\}$/, 'cronSecret'],
    [/^\{"Fn::GetAtt":\["GiftSecret","Id"\]\}$/, 'giftSecret'],
    [/^\{"Ref":"RolloverStateMachine\w+"\}$/, 'rolloverStateMachine'],
    [/:execution:postage-dev-rollover:\*"\]\]\}$/, 'rolloverExecutions'],
    [/^\{"Fn::Join":\["",\[\{"Fn::GetAtt":\["DataTable\w+","Arn"\]\},"\/stream\/\*"\]\]\}$/, 'stream'],
    [/^\{"Fn::GetAtt":\["StreamBus\w+","Arn"\]\}$/, 'eventBus'],
    [
      /^\{"Fn::Join":\["",\[\{"Fn::GetAtt":\["StreamFailedRecords\w+","Arn"\]\},"\/\*"\]\]\}$/,
      'failedRecords',
    ],
    [/^\{"Fn::GetAtt":\["StreamFailedRecords\w+","Arn"\]\}$/, 'failedRecordsBucket'],
    [/^\{"Fn::GetAtt":\["ReconcilerreconcilerFunction\w+","Arn"\]\}$/, 'reconciler'],
    [/^\{"Fn::GetAtt":\["Reconcilerfailedreconciliations\w+","Arn"\]\}$/, 'failedReconciliations'],
    [/^\{"Fn::GetAtt":\["StripeCheckfailedstripechecks\w+","Arn"\]\}$/, 'failedStripeChecks'],
    [/^\{"Fn::GetAtt":\["Canaryfailedcanaries\w+","Arn"\]\}$/, 'failedCanaries'],
    [/^\{"Fn::GetAtt":\["SendersMailKeys\w+","Id"\]\}$/, 'mailSecret'],
    [/:identity\/letters@example\.com"\]\]\}$/, 'emailAddress'],
    [/:identity\/example\.com"\]\]\}$/, 'emailDomain'],
    [/:configuration-set\/",\{"Ref":"SendersEmails\w+"\}\]\]\}$/, 'emailConfigurationSet'],
    [/^"\*"$/, 'everything'],
    [/^\{"Fn::GetAtt":\["Sendersemailsenderqueue\w+","Arn"\]\}$/, 'dueEmails'],
    [/^\{"Fn::GetAtt":\["Sendersmailsenderqueue\w+","Arn"\]\}$/, 'dueMails'],
    [/^\{"Fn::GetAtt":\["Sendersdeliveryanswersqueue\w+","Arn"\]\}$/, 'answers'],
    [/^\{"Fn::GetAtt":\["PaymentsStripeKeys\w+","Id"\]\}$/, 'stripeSecret'],
    [/^\{"Fn::GetAtt":\["PaymentsEvents\w+","Arn"\]\}$/, 'stripeEvents'],
    [/^\{"Fn::GetAtt":\["IdentityUserPool\w+","Arn"\]\}$/, 'userPool'],
    [/^\{"Fn::Join":\["",\[\{"Fn::GetAtt":\["PageFiles\w+","Arn"\]\},"\/\*"\]\]\}$/, 'pageFiles'],
    [/^\{"Fn::GetAtt":\["PageFiles\w+","Arn"\]\}$/, 'pageBucket'],
    [/^\{"Fn::GetAtt":\["Paymentsunprocessedstripeevents\w+","Arn"\]\}$/, 'deadStripeEvents'],
  ];
  return names.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}

function rightIn({ Action, Resource, Condition }: Statement): Omit<Right, 'on' | 'actions'> & {
  actions: string[];
  on: string[];
} {
  const keys = Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'];
  return {
    actions: listOf(Action).sort(),
    on: listOf(Resource).map(nameOf).sort(),
    ...(keys === undefined ? {} : { keys: keys.length === 1 ? keys[0] : keys }),
  };
}

const functions = resourcesOf(template, 'AWS::Lambda::Function').map(([, resource]) => ({
  name: functionNameOf(resource) as FunctionName,
  roleId: referenceIn(resource.Properties['Role']) ?? '',
  logGroupId: referenceIn((resource.Properties['LoggingConfig'] as { LogGroup: unknown }).LogGroup),
}));

function functionsThatMay(action: string): string[] {
  return functions
    .filter(({ roleId }) =>
      statementsOfRole(roleId).some(
        ({ Effect, Action }) => Effect === 'Allow' && listOf(Action).includes(action),
      ),
    )
    .map(({ name }) => name)
    .sort();
}

describe('the rights of the functions', () => {
  it('are listed for every function and for no other', () => {
    expect(functions.map(({ name }) => name).sort()).toEqual(Object.keys(RIGHTS).sort());
    expect(new Set(functions.map(({ roleId }) => roleId)).size).toBe(functions.length);
  });

  it.each(functions)(
    'of $name are the listed ones and writing its own log, and no more',
    ({ name, roleId, logGroupId }) => {
      const [log, ...others] = statementsOfRole(roleId).filter(({ Effect }) => Effect === 'Allow');

      expect(log).toEqual({
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': [logGroupId, 'Arn'] },
      });
      expect(others.map(rightIn)).toEqual(
        RIGHTS[name].map(({ actions, on, ...right }) => ({
          actions: [...actions].sort(),
          on: [...on].sort(),
          ...right,
        })),
      );
      expect(others.flatMap(({ Condition }) => Object.keys(Condition ?? {}))).toEqual(
        RIGHTS[name].filter(({ keys }) => keys !== undefined).map(() => 'ForAllValues:StringLike'),
      );
    },
  );

  it('G12: change nothing that the audit trail tells, for any function that reaches the table', () => {
    for (const { name, roleId } of functions) {
      const denied = statementsOfRole(roleId).filter(({ Effect }) => Effect === 'Deny');
      const isOnTable = RIGHTS[name].some(({ on }) => on.includes('table'));

      expect({ name, denied }).toEqual({
        name,
        denied: isOnTable
          ? [
              {
                Effect: 'Deny',
                Action: ['dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:BatchWriteItem'],
                Resource: { 'Fn::GetAtt': [expect.stringMatching(/^DataTable/), 'Arn'] },
                Condition: { 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': ['AUDIT#*'] } },
              },
            ]
          : [],
      });
    }
  });

  it.each([
    ['dynamodb:Scan', ''],
    ['dynamodb:BatchWriteItem', ''],
    ['dynamodb:DeleteItem', 'admin billing failed-events letters outbox purchases'],
    [
      'dynamodb:BatchGetItem',
      'admin deliveries failed-events gifts letters purchases reconciler rollover-page statistics',
    ],
    // A command that changes an account reads it again after a conflict.
    [
      'dynamodb:GetItem',
      'account admin billing canary consumption credits deliveries delivery-answers email-sender failed-events gifts letters mail-sender mail-webhook purchases reconciler rollover-page statistics stripe-events usage',
    ],
    [
      'dynamodb:UpdateItem',
      'admin billing canary consumption deliveries delivery-answers email-sender gifts letters mail-sender mail-webhook purchases reconciler statistics stripe-events',
    ],
    [
      'secretsmanager:GetSecretValue',
      'billing check-stripe cron deliveries gifts mail-sender mail-webhook purchases reconciler reconciliation stripe-events webhooks',
    ],
    ['sqs:SendMessage', 'canary check-stripe failed-events reconciler webhooks'],
    ['states:StartExecution', 'cron'],
    ['lambda:InvokeFunction', 'reconciliation'],
    ['ses:SendEmail', 'email-sender'],
  ])('leave %s to those that make that call: %s', (action, names) => {
    expect(functionsThatMay(action).join(' ')).toBe(names);
  });

  it('are on items of users only, but for those of jobs and administrators, the audit records and the index of what is due', () => {
    const exceptions = Object.entries(RIGHTS).flatMap(([name, rights]) =>
      rights
        .filter(
          ({ actions, keys }) => actions.some((each) => each.startsWith('dynamodb:')) && keys !== 'USER#*',
        )
        .map(({ on, keys }) => ({ name, on, keys })),
    );

    expect(exceptions).toEqual([
      { name: 'purchases', on: ['table'], keys: ['USER#*', 'CUSTOMER#*'] },
      { name: 'purchases', on: ['table'], keys: ['USER#*', 'CUSTOMER#*'] },
      { name: 'gifts', on: ['table'], keys: ['USER#*', 'CODE#*'] },
      { name: 'gifts', on: ['table'], keys: ['USER#*', 'CODE#*'] },
      { name: 'gifts', on: ['table'], keys: ['USER#*', 'GUESS#*'] },
      { name: 'billing', on: ['table'], keys: ['USER#*', 'CUSTOMER#*'] },
      { name: 'billing', on: ['table'], keys: ['USER#*', 'CUSTOMER#*'] },
      { name: 'admin', on: ['table'], keys: 'STATS#*' },
      {
        name: 'admin',
        on: ['table'],
        keys: ['USER#*', 'AUDIT#*', 'STATS#*', 'CATALOGUE#*', 'CHECK#*', 'NEAR#*'],
      },
      { name: 'admin', on: ['table'], keys: ['USER#*', 'CUSTOMER#*', 'CODE#*', 'ERASED#*', 'TEXT#*'] },
      { name: 'admin', on: ['table'], keys: 'AUDIT#*' },
      { name: 'admin', on: ['table'], keys: 'TEXT#*' },
      { name: 'failed-events', on: ['listIndex'], keys: 'FAILED#*' },
      { name: 'failed-events', on: ['table'], keys: 'FAILED#*' },
      { name: 'failed-events', on: ['table'], keys: 'FAILED#*' },
      { name: 'failed-events', on: ['table'], keys: 'AUDIT#*' },
      { name: 'cron', on: ['table'], keys: 'AUDIT#*' },
      { name: 'rollover-page', on: ['dueIndex'], keys: undefined },
      { name: 'rollover-summary', on: ['table'], keys: 'AUDIT#*' },
      { name: 'outbox', on: ['stream'], keys: undefined },
      { name: 'outbox', on: ['table'], keys: 'AUDIT#*' },
      { name: 'outbox', on: ['table'], keys: 'NEAR#*' },
      { name: 'stripe-events', on: ['table'], keys: ['USER#*', 'CUSTOMER#*', 'STRIPE#*'] },
      { name: 'stripe-events', on: ['table'], keys: ['USER#*', 'CUSTOMER#*', 'STRIPE#*', 'FAILED#*'] },
      { name: 'stripe-events', on: ['table'], keys: ['USER#*', 'STRIPE#*'] },
      { name: 'failed-stripe-events', on: ['table'], keys: 'FAILED#*' },
      { name: 'reconciler', on: ['dueIndex'], keys: undefined },
      { name: 'reconciler', on: ['table'], keys: 'RECONCILED#*' },
      { name: 'reconciler', on: ['table'], keys: 'AUDIT#*' },
      { name: 'check-stripe', on: ['table'], keys: 'CHECK#*' },
      { name: 'record-catalogue', on: ['table'], keys: 'CATALOGUE#*' },
      { name: 'statistics', on: ['stream'], keys: undefined },
      { name: 'statistics', on: ['table'], keys: 'MARK#*' },
      { name: 'statistics', on: ['table'], keys: 'STATS#*' },
      { name: 'statistics', on: ['table'], keys: ['MARK#*', 'STATS#*'] },
      { name: 'letters', on: ['table'], keys: ['USER#*', 'TEXT#*'] },
      { name: 'letters', on: ['table'], keys: 'RATE#*' },
      { name: 'reconciliation', on: ['table'], keys: 'AUDIT#*' },
      { name: 'email-sender', on: ['table'], keys: ['USER#*', 'TEXT#*'] },
      { name: 'mail-sender', on: ['table'], keys: ['USER#*', 'TEXT#*'] },
    ]);
  });
});

describe('the rights of the rest', () => {
  it('let the state machine call its two functions, start itself and deliver its log', () => {
    const role = roleOfTheOnly('AWS::StepFunctions::StateMachine', ({ RoleArn }) => RoleArn);
    const [invoke, start, log, ...others] = statementsOfRole(role);

    expect(others).toEqual([]);
    expect(invoke?.Action).toBe('lambda:InvokeFunction');
    expect(listOf(invoke?.Resource).map(referenceIn)).toEqual([
      expect.stringContaining('rolloverpageFunction'),
      expect.stringContaining('rolloversummaryFunction'),
    ]);
    expect(start?.Action).toBe('states:StartExecution');
    expect(JSON.stringify(start?.Resource)).toMatch(/:stateMachine:postage-dev-rollover"\]\]\}$/);
    expect(listOf(log?.Action ?? []).every((action) => action.startsWith('logs:'))).toBe(true);
  });

  it('let the schedules start what they start, and keep what could not be started', () => {
    const roles = resourcesOf(template, 'AWS::Scheduler::Schedule').map(([, { Properties }]) =>
      referenceIn((Properties['Target'] as { RoleArn: unknown }).RoleArn),
    );
    const rights = roles.map((role) =>
      statementsOfRole(role ?? '').map(({ Action, Resource }) => [Action, referenceIn(Resource)]),
    );

    expect(rights).toEqual([
      [
        ['states:StartExecution', expect.stringContaining('RolloverStateMachine')],
        ['sqs:SendMessage', expect.stringContaining('unstartedrollovers')],
      ],
      [
        ['lambda:InvokeFunction', expect.stringContaining('ReconcilerreconcilerFunction')],
        ['sqs:SendMessage', expect.stringContaining('failedreconciliations')],
      ],
      [
        ['lambda:InvokeFunction', expect.stringContaining('StripeCheckcheckstripeFunction')],
        ['sqs:SendMessage', expect.stringContaining('failedstripechecks')],
      ],
      [
        ['lambda:InvokeFunction', expect.stringContaining('CanarycanaryFunction')],
        ['sqs:SendMessage', expect.stringContaining('failedcanaries')],
      ],
    ]);
  });

  it('come from no policy that is not in the template', () => {
    for (const [, { Properties }] of resourcesOf(template, 'AWS::IAM::Role')) {
      expect(Properties['ManagedPolicyArns'] ?? []).toEqual([]);
      expect(Properties['Policies'] ?? []).toEqual([]);
    }
    expect(resourcesOf(template, 'AWS::IAM::ManagedPolicy')).toEqual([]);
  });

  it('have no wildcard but for log delivery and the names of executions, streams and objects', () => {
    const statements = resourcesOf(template, 'AWS::IAM::Role').flatMap(([id]) => statementsOfRole(id));
    const actions = statements.flatMap(({ Action }) => listOf(Action));
    const wide = statements
      .flatMap(({ Resource }) => listOf(Resource).map((each) => JSON.stringify(each)))
      .filter((resource) => resource.includes('*'));

    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
    expect(new Set(wide.map((resource) => nameOf(JSON.parse(resource))))).toEqual(
      new Set(['everything', 'rolloverExecutions', 'stream', 'failedRecords', 'pageFiles']),
    );
  });
});
