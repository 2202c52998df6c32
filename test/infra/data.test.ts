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
  it.each(['AWS::DynamoDB::Table', 'AWS::Cognito::UserPool', 'AWS::SecretsManager::Secret'])(
    'outlives the stack in prod, and only there: %s',
    (type) => {
      const policies = (template: Template): Set<string | undefined> =>
        new Set(resourcesOf(template, type).map(([, { DeletionPolicy }]) => DeletionPolicy));
      expect([policies(prod), policies(dev)]).toEqual([new Set(['Retain']), new Set(['Delete'])]);
    },
  );

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

  it.each(['', 'Prod', '1st', 'a stage', 'much-too-long-a-name', 'under_score'])(
    'is refused as %j',
    (stage) => {
      expect(() => templateOf({ stage })).toThrow(/has no stage/);
    },
  );
});
