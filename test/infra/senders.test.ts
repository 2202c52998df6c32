import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import type { StageEntry } from '../../lib/stages.ts';
import { functionNameOf, referenceIn, resourcesOf, templateOf } from './template.ts';

const template = templateOf();

function functionsOf(senders: StageEntry['senders']): string[] {
  return resourcesOf(templateOf({ senders }), 'AWS::Lambda::Function').map(([, resource]) =>
    functionNameOf(resource),
  );
}

describe('the reconciler', () => {
  it('is called every five minutes with the time of the schedule, and what fails is kept', () => {
    const [[deadLetters]] = resourcesOf(template, 'AWS::SQS::Queue').filter(([id]) =>
      id.includes('failedreconciliations'),
    ) as [[string, unknown]];
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(5 minutes)',
      State: 'ENABLED',
      Target: Match.objectLike({
        Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('ReconcilerreconcilerFunction'), 'Arn'] },
        Input: '{"now":"<aws.scheduler.scheduled-time>"}',
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [deadLetters, 'Arn'] } },
        RetryPolicy: { MaximumEventAgeInSeconds: 300, MaximumRetryAttempts: 3 },
      }),
    });
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [deadLetters, 'Arn'] } } },
    });
  });

  it('ends before the next run begins', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Tags: Match.arrayWith([{ Key: 'function', Value: 'reconciler' }]),
      Timeout: 240,
    });
  });

  it.each([
    [
      'reconciler-missing',
      { MetricName: 'ReconcilerRuns', Threshold: 1, EvaluationPeriods: 3, TreatMissingData: 'breaching' },
    ],
    ['reconciler-failures', { MetricName: 'ReconcilerFailures', Threshold: 0 }],
    [
      'deliveries-stuck',
      { MetricName: 'DeliveriesStuckPercentOfDay', Threshold: 0.1, TreatMissingData: 'ignore' },
    ],
  ])('is watched: %s', (name, properties) => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: `postage-dev-${name}`,
      Namespace: 'Postage',
      Dimensions: [{ Name: 'stage', Value: 'dev' }],
      ...properties,
    });
  });
});

describe('the senders', () => {
  it.each([
    ['email', 'emailsender'],
    ['mail', 'mailsender'],
  ])('of %s get what is due of their channel, each through a queue of its own', (channel, name) => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: { Ref: Match.stringLikeRegexp('StreamBus') },
      EventPattern: {
        source: ['postage'],
        'detail-type': ['DeliveryDue'],
        detail: { data: { channel: [channel] } },
      },
      Targets: [
        Match.objectLike({
          Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp(`Senders${name}queue`), 'Arn'] },
          DeadLetterConfig: Match.anyValue(),
        }),
      ],
    });
  });

  it('answer on the bus, under a source of their own', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['postage.sender'], 'detail-type': ['DeliverySent', 'DeliveryFailed'] },
    });
  });

  it('send e-mails by a configuration set of their own, whose bounces are answers', () => {
    const [[set]] = resourcesOf(template, 'AWS::SES::ConfigurationSet') as [[string, unknown]];
    template.hasResourceProperties('AWS::SES::ConfigurationSetEventDestination', {
      ConfigurationSetName: { Ref: set },
      EventDestination: {
        Enabled: true,
        MatchingEventTypes: ['bounce', 'complaint', 'reject'],
        EventBridgeDestination: { EventBusArn: Match.anyValue() },
      },
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: Match.absent(),
      EventPattern: {
        source: ['aws.ses'],
        'detail-type': ['Email Bounced', 'Email Complaint Received', 'Email Rejected'],
        detail: { mail: { tags: { 'ses:configuration-set': [{ Ref: set }] } } },
      },
      Targets: [
        Match.objectLike({
          Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('Sendersdeliveryanswersqueue'), 'Arn'] },
          DeadLetterConfig: Match.anyValue(),
        }),
      ],
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Tags: Match.arrayWith([{ Key: 'function', Value: 'email-sender' }]),
      Environment: {
        Variables: Match.objectLike({
          POSTAGE_EMAIL_CONFIGURATION_SET: { Ref: set },
          POSTAGE_DUE_QUEUE_URL: { Ref: Match.stringLikeRegexp('Sendersemailsenderqueue') },
        }),
      },
    });
  });

  it('may use that set, ask for the account’s rate, and hold a message back', () => {
    const statement = (action: string, resource: unknown) =>
      template.hasResourceProperties('AWS::IAM::Policy', {
        PolicyDocument: {
          Statement: Match.arrayWith([Match.objectLike({ Action: action, Resource: resource })]),
        },
      });
    statement(
      'ses:SendEmail',
      Match.arrayWith([
        { 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(':configuration-set/')])] },
      ]),
    );
    statement('ses:GetAccount', '*');
    for (const queue of ['Sendersemailsenderqueue', 'Sendersmailsenderqueue']) {
      statement('sqs:ChangeMessageVisibility', {
        'Fn::GetAtt': [Match.stringLikeRegexp(queue), 'Arn'],
      });
    }
  });

  it('may be refused by a busy provider for a day, before a message counts as lost', () => {
    const receives = resourcesOf(template, 'AWS::SQS::Queue').flatMap(([id, { Properties }]) => {
      const { maxReceiveCount } = (Properties['RedrivePolicy'] ?? {}) as { maxReceiveCount?: number };
      return /^Senders(e?mail)sender/.test(id) ? [maxReceiveCount] : [];
    });
    expect(receives).toEqual([200, 200]);
  });

  it('G12: each queue has a dead-letter queue, and hides a message for longer than the function may take', () => {
    const queues = resourcesOf(template, 'AWS::SQS::Queue').filter(
      ([id, { Properties }]) => id.startsWith('Senders') && Properties['RedrivePolicy'] !== undefined,
    );
    expect(queues).toHaveLength(3);
    for (const [, { Properties }] of queues) {
      const { deadLetterTargetArn } = Properties['RedrivePolicy'] as { deadLetterTargetArn: unknown };
      expect(referenceIn(deadLetterTargetArn)).toMatch(/unsent|unapplied/);
      expect(Properties['VisibilityTimeout']).toBe(360);
    }
  });

  it('are left out when nothing says whom letters come from, so that others can take their place', () => {
    const functions = functionsOf(null);
    expect(functions).not.toContain('email-sender');
    expect(functions).not.toContain('mail-sender');
    expect(functions).toContain('delivery-answers');
  });

  it('are let send from the address, or from its domain', () => {
    const resources = ['letters@mail.example.com', 'mail.example.com'].map((identity) => ({
      'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(`:identity/${identity}$`)])],
    }));
    const emailFrom = 'Postage <letters@mail.example.com>';
    templateOf({ senders: { emailFrom, mailFrom: null } }).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: 'ses:SendEmail', Resource: Match.arrayWith(resources) }),
        ]),
      },
    });
  });
});
