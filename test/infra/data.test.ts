import { Match, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from '@jest/globals';
import { TABLE_SCHEMA } from '../../lambdas/adapters/dynamodb/table-schema.ts';
import { resourcesOf, templateOf } from './template.ts';

const dev = templateOf();
const prod = templateOf({ stage: 'prod' });

describe('the table', () => {
  it('has the keys and the indexes of the schema', () => {
    const { partitionKey, sortKey, dueIndex, listIndex, timeToLive } = TABLE_SCHEMA;

    dev.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [
        { AttributeName: partitionKey, KeyType: 'HASH' },
        { AttributeName: sortKey, KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: partitionKey, AttributeType: 'S' },
        { AttributeName: sortKey, AttributeType: 'S' },
        { AttributeName: dueIndex.partitionKey, AttributeType: 'S' },
        { AttributeName: dueIndex.sortKey, AttributeType: 'N' },
        { AttributeName: listIndex.sortKey, AttributeType: 'S' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: dueIndex.name,
          KeySchema: [
            { AttributeName: dueIndex.partitionKey, KeyType: 'HASH' },
            { AttributeName: dueIndex.sortKey, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
        {
          IndexName: listIndex.name,
          KeySchema: [
            { AttributeName: listIndex.partitionKey, KeyType: 'HASH' },
            { AttributeName: listIndex.sortKey, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
      // A local index could never be removed, and would keep each partition key within 10 GB and on one partition.
      LocalSecondaryIndexes: Match.absent(),
      TimeToLiveSpecification: { AttributeName: timeToLive, Enabled: true },
    });
  });

  it('is paid by request, can be restored to any second, and tells of its changes', () => {
    dev.hasResourceProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    });
  });
});

describe('what holds data', () => {
  it.each([
    'AWS::DynamoDB::Table',
    'AWS::Cognito::UserPool',
    'AWS::S3::Bucket',
    'AWS::SecretsManager::Secret',
  ])('outlives the stack in prod, and only there: %s', (type) => {
    const policies = (template: Template): Set<string | undefined> =>
      new Set(resourcesOf(template, type).map(([, { DeletionPolicy }]) => DeletionPolicy));
    expect([policies(prod), policies(dev)]).toEqual([new Set(['Retain']), new Set(['Delete'])]);
  });

  it('waits in queues of the senders that outlive them in prod', () => {
    const queues = resourcesOf(prod, 'AWS::SQS::Queue').filter(([id]) => id.startsWith('Senders'));
    expect(queues).toHaveLength(6);
    expect(new Set(queues.map(([, { DeletionPolicy }]) => DeletionPolicy))).toEqual(new Set(['Retain']));
  });

  it('is not replaced in prod, where the table has a name', () => {
    const policies = ['AWS::DynamoDB::Table', 'AWS::Cognito::UserPool', 'AWS::S3::Bucket'].flatMap((type) =>
      resourcesOf(prod, type).map(([, { UpdateReplacePolicy }]) => UpdateReplacePolicy),
    );
    expect(policies).toEqual(['Retain', 'Retain', 'Retain']);
    prod.hasResourceProperties('AWS::DynamoDB::Table', { TableName: 'postage-prod' });
    dev.hasResourceProperties('AWS::DynamoDB::Table', { TableName: Match.absent() });
  });

  it('can be restored to any second of as many days as the stage says', () => {
    const daysOf = (template: Template, days: number): void =>
      template.hasResourceProperties('AWS::DynamoDB::Table', {
        PointInTimeRecoverySpecification: { RecoveryPeriodInDays: days },
      });
    daysOf(prod, 35);
    daysOf(templateOf({ retention: { backupDays: 7 } }), 7);
  });

  it('cannot be deleted by mistake in prod', () => {
    prod.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: true });
    prod.hasResourceProperties('AWS::Cognito::UserPool', { DeletionProtection: 'ACTIVE' });
    dev.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
  });
});

describe('the stage', () => {
  it('is in the names and the tags of what is deployed', () => {
    const tags = [
      { Key: 'project', Value: 'postage' },
      { Key: 'stage', Value: 'prod' },
    ];

    for (const type of [
      'AWS::DynamoDB::Table',
      'AWS::SQS::Queue',
      'AWS::SNS::Topic',
      'AWS::Logs::LogGroup',
    ]) {
      for (const [, { Properties }] of resourcesOf(prod, type)) {
        expect(Properties['Tags']).toEqual(expect.arrayContaining(tags));
      }
    }
    prod.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: 'postage-prod-rollover',
    });
  });
});
