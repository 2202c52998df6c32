import { CfnResource, Duration, Stack, Validations } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { EventSourceMapping, FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Construct, type IConstruct } from 'constructs';
import { FAILED_RECORDS_KEPT_DAYS } from '../lambdas/adapters/dynamodb/table-schema.ts';
import { STREAM_CONSUMERS } from '../lambdas/letters/wiring/stream-filters.ts';
import { CORE_STREAM_CONSUMERS, type StreamConsumer } from '../lambdas/wiring/stream-filters.ts';
import { DeadLetterQueue } from './queues.ts';
import { type Build, PostageFunction } from './postage-function.ts';
import type { ResourceArns } from './rights.ts';
import { removalPolicyOf, type Stage } from './stage.ts';

export interface TableStreamProps {
  stage: Stage;
  build: Build;
  table: ITable;
  arns: ResourceArns;
}

/** What hangs on the table's stream: the bus with its outbox, the statistics, and where failures are kept. */
export class TableStream extends Construct {
  readonly bus: EventBus;
  /** Records that could not be processed, whole. */
  readonly failedRecords: Bucket;
  readonly consumers: readonly PostageFunction[];
  readonly arns: ResourceArns;

  constructor(scope: Construct, id: string, props: TableStreamProps) {
    super(scope, id);
    const { stage, build, table, arns: tableArns } = props;
    const streamArn = table.tableStreamArn;
    if (streamArn === undefined) {
      throw new Error('The table has no stream.');
    }
    this.bus = new EventBus(this, 'Bus', { eventBusName: `postage-${stage.name}` });
    this.failedRecords = this.createBucket(stage);
    this.arns = {
      stream: `${table.tableArn}/stream/*`,
      eventBus: this.bus.eventBusArn,
      failedRecords: this.failedRecords.arnForObjects('*'),
      failedRecordsBucket: this.failedRecords.bucketArn,
    };

    const arns = { ...tableArns, ...this.arns };
    const environment = { table: table.tableName, failedRecordsBucket: this.failedRecords.bucketName };
    // More than the functions' own deadlines, so that they report and are not cut off.
    const timeout = Duration.minutes(1);
    const outbox = new PostageFunction(this, 'outbox', {
      build,
      description: 'Postage: publishes events and writes the audit trail',
      arns,
      environment: { ...environment, eventBus: this.bus.eventBusName },
      timeout,
    });
    const statistics = new PostageFunction(this, 'statistics', {
      build,
      description: 'Postage: counts the statistics',
      arns,
      environment,
      timeout,
    });
    this.consumers = [outbox, statistics];
    const consumers = build.hasLetters ? STREAM_CONSUMERS : CORE_STREAM_CONSUMERS;
    this.feed(outbox, consumers.outbox, streamArn, Duration.seconds(0));
    // Nobody waits for them, and fewer, larger batches are cheaper.
    this.feed(statistics, consumers.statistics, streamArn, Duration.seconds(5));
    this.acknowledgeWildcards(table);
  }

  private feed(
    { name, lambda }: PostageFunction,
    { batchSize, filters }: StreamConsumer,
    eventSourceArn: string,
    maxBatchingWindow: Duration,
  ): void {
    new EventSourceMapping(this, `${name}-mapping`, {
      target: lambda,
      eventSourceArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize,
      maxBatchingWindow,
      filters: filters.map((filter) => FilterCriteria.filter({ ...filter })),
      // What fails is narrowed down to a record, which then is out of the others' way. The age alone ends its tries, before
      // the stream forgets it after 24 hours: what is unreadable is set aside at once, and what fails is away for a while.
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: 10_000,
      maxRecordAge: Duration.hours(12),
      onFailure: { bind: () => ({ destination: this.failedRecords.bucketArn }) },
    });
  }

  /**
   * Each object that is put there also puts a message into a dead-letter queue, whose alarm rings: S3 itself has no
   * metric that could. By the bus, since S3's own notification begins with a message of its own (`s3:TestEvent`).
   */
  private createBucket(stage: Stage): Bucket {
    const bucket = new Bucket(this, 'FailedRecords', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      lifecycleRules: [{ expiration: Duration.days(FAILED_RECORDS_KEPT_DAYS) }],
      removalPolicy: removalPolicyOf(stage),
    });
    // Not by `eventBridgeEnabled`, which would bring a function of its own.
    const resource = bucket.node.defaultChild;
    if (resource instanceof CfnBucket) {
      resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    }
    const { queue } = new DeadLetterQueue(this, 'failed-records').replayTo({ bucket: bucket.bucketName });
    const rule = new Rule(this, 'FailedRecordsRule', {
      description: 'Postage: tells of a record that could not be processed',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [bucket.bucketName] } },
      },
      targets: [new SqsQueue(queue)],
    });
    Validations.of(rule).acknowledge({
      id: 'Serverless-EventBusDLQ',
      reason: 'The record itself lies in the bucket. The queue only tells of it.',
    });
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'Only the two functions and Lambda write here, and every object raises an alarm.',
    });
    return bucket;
  }

  private acknowledgeWildcards(table: ITable): void {
    const { node } = this.failedRecords;
    const idOf = (resource: IConstruct | undefined): string =>
      resource instanceof CfnResource ? Stack.of(this).getLogicalId(resource) : '';
    const ofTable = table.node.defaultChild;
    // One that was restored is no resource of the stack.
    const arn =
      ofTable === undefined
        ? `arn:<AWS::Partition>:dynamodb:<AWS::Region>:<AWS::AccountId>:table/${table.tableName}`
        : `<${idOf(ofTable)}.Arn>`;
    Validations.of(this).acknowledge(
      {
        id: `AwsSolutions-IAM5[Resource::${arn}/stream/*]`,
        reason: 'A table has one stream at a time, and `ListStreams` is on no single one.',
      },
      {
        id: `AwsSolutions-IAM5[Resource::<${idOf(node.defaultChild)}.Arn>/*]`,
        reason: 'Objects are put under the names of what failed.',
      },
    );
  }
}
