import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { referenceIn, resourcesOf, templateOf } from './template.ts';

const template = templateOf({ stage: 'prod', canary: true });
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
    for (const { AlarmActions, OKActions, Metrics } of alarms) {
      // That no more messages have come is no good news while some lie there.
      const isOfArrivals = JSON.stringify(Metrics ?? []).includes('DIFF(');
      expect(
        [AlarmActions, OKActions ?? []].map((actions) => (actions as unknown[]).map(referenceIn)),
      ).toEqual([[topic], isOfArrivals ? [] : [topic]]);
    }
  });

  it('come by e-mail to those whom the stage names', () => {
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'on-call@example.com',
    });
    template.resourceCountIs('AWS::SNS::Subscription', 1);
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
            Principal: { Service: ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com'] },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ]),
      },
    });
  });

  it('G12: ring for each message that comes into a dead-letter queue, whatever lies there already', () => {
    const watched = alarms
      .filter(({ Metrics }) => JSON.stringify(Metrics ?? []).includes('DIFF(FILL(lying, 0))'))
      .map((alarm) => {
        const metrics = alarm['Metrics'] as {
          MetricStat?: { Metric: { Dimensions: { Value: unknown }[] } };
        }[];
        const { Metric: lying } = metrics.find(({ MetricStat }) => MetricStat)?.MetricStat ?? {};
        expect(lying).toMatchObject({ MetricName: 'ApproximateNumberOfMessagesVisible' });
        expect(alarm).toMatchObject({
          ComparisonOperator: 'GreaterThanThreshold',
          Threshold: 0,
          EvaluationPeriods: 1,
          // A queue in which nothing lies has no values.
          TreatMissingData: 'notBreaching',
        });
        return referenceIn(lying?.Dimensions[0]?.Value);
      });

    // All but those that have one themselves.
    const deadLetterQueues = resourcesOf(template, 'AWS::SQS::Queue')
      .filter(([, { Properties }]) => Properties['RedrivePolicy'] === undefined)
      .map(([id]) => id);
    expect(watched.sort()).toEqual(deadLetterQueues.sort());
  });

  it('of what is missing come after what brings the first value, so that a new stack rings nothing', () => {
    const after = resourcesOf(template, 'AWS::CloudWatch::Alarm')
      .filter(([, { Properties }]) => Properties['TreatMissingData'] === 'breaching')
      .map(([, { DependsOn, Properties }]) => [Properties['AlarmName'], String(DependsOn)]);
    expect(after).toEqual([
      ['postage-prod-rollover-missing', expect.stringMatching(/RolloverSchedule/)],
      ['postage-prod-reconciler-missing', expect.stringMatching(/ReconcilerSchedule/)],
    ]);
  });

  it.each([
    [
      'slow',
      { Namespace: 'AWS/ApiGateway', MetricName: 'Latency', ExtendedStatistic: 'p99', EvaluationPeriods: 3 },
    ],
    ['functions-throttled', { Namespace: 'AWS/Lambda', MetricName: 'Throttles' }],
    ['table-conflicts', { Namespace: 'Postage', MetricName: 'TableBusyConflicts' }],
    ['rate-limited', { MetricName: 'RateLimited-prod', Threshold: 100 }],
    ['webhooks-refused', { MetricName: 'WebhooksRefused-prod', Threshold: 4 }],
    ['emails-bounce', { MetricName: 'Reputation.BounceRate', Threshold: 0.05, TreatMissingData: 'ignore' }],
    ['emails-complained-of', { MetricName: 'Reputation.ComplaintRate', Threshold: 0.001 }],
    ['alarms-unheard', { Namespace: 'AWS/SNS', MetricName: 'NumberOfNotificationsFailed' }],
  ])('%s is watched', (name, properties) => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: `postage-prod-${name}`,
      TreatMissingData: 'notBreaching',
      ...(name.startsWith('emails') ? { TreatMissingData: 'ignore' } : {}),
      ...properties,
    });
  });

  it('table-throttled adds up the table and both indexes, also where one has no value', () => {
    const alarm = alarms.find(({ AlarmName }) => AlarmName === 'postage-prod-table-throttled');
    const [expression, ...metrics] = alarm?.['Metrics'] as Record<string, unknown>[];
    expect(expression?.['Expression']).toBe(
      'FILL(reads, 0) + FILL(writes, 0) + FILL(due, 0) + FILL(lists, 0)',
    );
    expect(JSON.stringify(metrics)).toMatch(/WriteThrottleEvents.*DueIndex.*ListIndex/s);
    expect(metrics).toHaveLength(4);
  });

  it('hear of the bill when the stage says a sum', () => {
    template.resourceCountIs('AWS::Budgets::Budget', 0);
    const [[topic]] = resourcesOf(template, 'AWS::SNS::Topic') as [[string, unknown]];
    templateOf({ stage: 'prod', limits: { monthlyDollars: 50 } }).hasResourceProperties(
      'AWS::Budgets::Budget',
      {
        Budget: { BudgetType: 'COST', TimeUnit: 'MONTHLY', BudgetLimit: { Amount: 50, Unit: 'USD' } },
        NotificationsWithSubscribers: ['ACTUAL', 'FORECASTED'].map((NotificationType) => ({
          Notification: { NotificationType, ComparisonOperator: 'GREATER_THAN', Threshold: 100 },
          Subscribers: [{ SubscriptionType: 'SNS', Address: { Ref: topic } }],
        })),
      },
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
    ['stripe-events-errors', 'AWS/Lambda', 'Errors'],
    ['failed-stripe-events-errors', 'AWS/Lambda', 'Errors'],
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
