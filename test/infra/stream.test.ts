import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { FAILED_RECORDS_KEPT_DAYS, MARKERS_KEPT_DAYS } from '../../lambdas/adapters/dynamodb/table-schema.ts';
import { STREAM_CONSUMERS } from '../../lambdas/letters/wiring/stream-filters.ts';
import { resourcesOf, templateOf } from './template.ts';

const template = templateOf({ stage: 'prod' });
const [[bucket] = ['no bucket']] = resourcesOf(template, 'AWS::S3::Bucket');

function queueOf(name: string): string {
  const [queue] = resourcesOf(template, 'AWS::SQS::Queue').find(([id]) => id.includes(name)) ?? [];
  return queue ?? 'no queue';
}

describe('the functions on the stream', () => {
  it.each(['outbox', 'statistics'] as const)('G12: what %s fails on ends whole in the bucket', (name) => {
    const { batchSize, filters } = STREAM_CONSUMERS[name];
    const lambda = resourcesOf(template, 'AWS::Lambda::Function').find(([id]) =>
      id.startsWith(`Stream${name}`),
    );

    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionName: { Ref: lambda?.[0] },
      EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^DataTable'), 'StreamArn'] },
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: batchSize,
      FilterCriteria: { Filters: filters.map((filter) => ({ Pattern: JSON.stringify(filter) })) },
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      // The most that AWS allows: the age alone decides.
      MaximumRetryAttempts: 10_000,
      // Less than the 24 hours after which the stream forgets.
      MaximumRecordAgeInSeconds: 12 * 3_600,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [bucket, 'Arn'] } } },
    });
  });

  it('have time to report what they could not do', () => {
    for (const [id, { Properties }] of resourcesOf(template, 'AWS::Lambda::Function')) {
      if (id.startsWith('Stream')) {
        expect(Properties['Timeout']).toBe(60);
      }
    }
  });

  it.each(['outbox', 'statistics'])('%s rings when it is late', (name) => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: `postage-prod-${name}-late`,
      Namespace: 'AWS/Lambda',
      MetricName: 'IteratorAge',
      Statistic: 'Maximum',
      Threshold: 300_000,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    });
  });
});

describe('what cannot be kept either', () => {
  it.each(['outbox', 'statistics'])('G12: rings for %s', (name) => {
    const lambda = resourcesOf(template, 'AWS::Lambda::Function').find(([id]) =>
      id.startsWith(`Stream${name}`),
    );
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: `postage-prod-${name}-records-lost`,
      Namespace: 'AWS/Lambda',
      MetricName: 'DestinationDeliveryFailures',
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: lambda?.[0] } }],
      Statistic: 'Sum',
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    });
  });
});

describe('the bucket of failed records', () => {
  it('is private, encrypted, and forgets before the markers do', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: FAILED_RECORDS_KEPT_DAYS, Status: 'Enabled' }] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
    // A record that is sent again while its marker is there counts once.
    expect(FAILED_RECORDS_KEPT_DAYS).toBeLessThan(MARKERS_KEPT_DAYS);
  });

  it('G12: rings an alarm with every object, by a message in a dead-letter queue', () => {
    const queue = queueOf('failedrecords');

    // The bus, and not S3's own notification, which would ring the alarm of a new stack with its `s3:TestEvent`.
    template.hasResourceProperties('AWS::S3::Bucket', {
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: { bucket: { name: [{ Ref: bucket }] } },
      },
      Targets: [Match.objectLike({ Arn: { 'Fn::GetAtt': [queue, 'Arn'] } })],
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'postage-prod-failed-records',
      Metrics: Match.arrayWith([
        Match.objectLike({
          MetricStat: Match.objectLike({
            Metric: Match.objectLike({
              Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [queue, 'QueueName'] } }],
            }),
          }),
        }),
      ]),
    });
  });
});

describe('the bus', () => {
  it('is named after the stage', () => {
    template.hasResourceProperties('AWS::Events::EventBus', { Name: 'postage-prod' });
  });
});
