import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { referenceIn, resourcesOf, templateOf } from './template.ts';

const template = templateOf({ stage: 'prod' });
const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');

/** The alarms' entries stand under one heading, each under its own. */
const [, entries = ''] = runbook.split('\n## Alarms\n');
const [section = ''] = entries.split('\n## ');
const anchors = [...section.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading ?? '');

describe('the alarms', () => {
  it('have an entry in the runbook, to which they point, and there is no entry without an alarm', () => {
    const named = alarms.map(({ AlarmName }) => String(AlarmName).replace('postage-prod-', ''));

    expect(named.sort()).toEqual(anchors.sort());
    for (const { AlarmName, AlarmDescription } of alarms) {
      const anchor = String(AlarmName).replace('postage-prod-', '');
      expect(String(AlarmDescription)).toMatch(
        new RegExp(String.raw`^[A-Z].+\. See docs/runbook\.md#${anchor}$`),
      );
    }
  });

  it('tell the topic when they ring and when they stop', () => {
    const [[topic]] = resourcesOf(template, 'AWS::SNS::Topic') as [[string, unknown]];
    for (const { AlarmActions, OKActions } of alarms) {
      expect([AlarmActions, OKActions].map((actions) => (actions as unknown[]).map(referenceIn))).toEqual([
        [topic],
        [topic],
      ]);
    }
  });

  it('may publish to the topic, which takes nothing without TLS', () => {
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Action: 'sns:Publish',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
          Match.objectLike({
            Effect: 'Allow',
            Action: 'sns:Publish',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ]),
      },
    });
  });

  it('G12: watch every dead-letter queue', () => {
    const watched = alarms
      .filter(({ MetricName }) => MetricName === 'ApproximateNumberOfMessagesVisible')
      .map(({ Dimensions, Threshold, ComparisonOperator, EvaluationPeriods }) => ({
        queue: referenceIn((Dimensions as { Value: unknown }[])[0]?.Value),
        rule: [ComparisonOperator, Threshold, EvaluationPeriods],
      }));

    // All but those that have one themselves.
    const deadLetterQueues = resourcesOf(template, 'AWS::SQS::Queue').filter(
      ([, { Properties }]) => Properties['RedrivePolicy'] === undefined,
    );
    expect(watched).toHaveLength(deadLetterQueues.length);
    expect(watched).toEqual(
      expect.arrayContaining(
        deadLetterQueues.map(([queue]) => ({ queue, rule: ['GreaterThanThreshold', 0, 1] })),
      ),
    );
  });

  it('G12: ring when events wait for too long', () => {
    const [[queue]] = resourcesOf(template, 'AWS::SQS::Queue').filter(
      ([, { Properties }]) => Properties['RedrivePolicy'] !== undefined,
    ) as [[string, unknown]];
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'postage-prod-stripe-events-late',
      MetricName: 'ApproximateAgeOfOldestMessage',
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [queue, 'QueueName'] } }],
      Threshold: 900,
      Statistic: 'Maximum',
    });
  });

  it.each([
    ['stripe-event-failed', 'StripeFailedEvents'],
    ['stripe-unknown-price', 'StripeUnknownPrices'],
    ['stripe-two-subscriptions', 'StripeTwoSubscriptions'],
    ['stripe-customer-without-user', 'StripeCustomersWithoutUser'],
  ])('%s rings at the first one of the stage', (name, metric) => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: `postage-prod-${name}`,
      Namespace: 'Postage',
      MetricName: metric,
      Dimensions: [{ Name: 'stage', Value: 'prod' }],
      Statistic: 'Sum',
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  it.each([
    ['rollover-failed', 'AWS/States', 'ExecutionsFailed'],
    ['rollover-timed-out', 'AWS/States', 'ExecutionsTimedOut'],
    ['rollover-aborted', 'AWS/States', 'ExecutionsAborted'],
    ['rollover-page-errors', 'AWS/Lambda', 'Errors'],
    ['rollover-summary-errors', 'AWS/Lambda', 'Errors'],
    ['stripe-events-errors', 'AWS/Lambda', 'Errors'],
    ['failed-stripe-events-errors', 'AWS/Lambda', 'Errors'],
    ['check-stripe-errors', 'AWS/Lambda', 'Errors'],
  ])('%s rings at the first one', (name, namespace, metric) => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: `postage-prod-${name}`,
      Namespace: namespace,
      MetricName: metric,
      Statistic: 'Sum',
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  const above = { ComparisonOperator: 'GreaterThanThreshold', EvaluationPeriods: 1, Statistic: 'Maximum' };
  it.each([
    {
      name: 'rollover-error-rate',
      rule: { ...above, Threshold: 5 },
      metric: 'RolloverErrorRate',
      missing: 'ignore',
    },
    {
      name: 'stripe-check',
      rule: { ...above, Threshold: 0 },
      metric: 'StripeDifferences',
      missing: 'ignore',
    },
    {
      name: 'rollover-slow',
      rule: { ...above, Threshold: 30_000 },
      metric: 'RolloverMillisecondsPerThousand',
      missing: 'ignore',
    },
    {
      name: 'rollover-missing',
      rule: {
        Threshold: 1,
        ComparisonOperator: 'LessThanThreshold',
        Period: 3600,
        EvaluationPeriods: 26,
        Statistic: 'Sum',
      },
      metric: 'RolloverRuns',
      missing: 'breaching',
    },
  ])('$name watches the figure of the stage that a run reports', ({ name, rule, metric, missing }) => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: `postage-prod-${name}`,
      Namespace: 'Postage',
      MetricName: metric,
      Dimensions: [{ Name: 'stage', Value: 'prod' }],
      TreatMissingData: missing,
      ...rule,
    });
  });
});
