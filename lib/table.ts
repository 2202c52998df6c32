import {
  AttributeType,
  BillingMode,
  type ITable,
  ProjectionType,
  StreamViewType,
  Table,
  type TableProps,
} from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { TABLE_SCHEMA } from '../lambdas/adapters/dynamodb/table-schema.ts';
import type { ResourceArns } from './rights.ts';
import { removalPolicyOf, type Stage } from './stage.ts';

/** The one table, on demand, with its two indexes. */
export class PostageTable extends Construct {
  /** The one that the stack makes, or the restored one that the stage names. */
  readonly table: ITable;
  readonly arns: ResourceArns;

  constructor(scope: Construct, id: string, { stage }: { stage: Stage }) {
    super(scope, id);
    const { partitionKey, sortKey, dueIndex, listIndex, timeToLive } = TABLE_SCHEMA;

    const own = new Table(this, 'Table', {
      // What has a name can't be replaced by an empty one: the new one would need the name too.
      ...(stage.isProtected ? { tableName: `postage-${stage.name}` } : {}),
      partitionKey: { name: partitionKey, type: AttributeType.STRING },
      sortKey: { name: sortKey, type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: timeToLive,
      pointInTimeRecoverySpecification: {
        pointInTimeRecoveryEnabled: true,
        recoveryPeriodInDays: stage.retention?.backupDays ?? 35,
      },
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      ...throughputOf(stage),
      deletionProtection: stage.isProtected,
      removalPolicy: removalPolicyOf(stage),
    });
    own.addGlobalSecondaryIndex({
      indexName: dueIndex.name,
      partitionKey: { name: dueIndex.partitionKey, type: AttributeType.STRING },
      sortKey: { name: dueIndex.sortKey, type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    own.addGlobalSecondaryIndex({
      indexName: listIndex.name,
      partitionKey: { name: listIndex.partitionKey, type: AttributeType.STRING },
      sortKey: { name: listIndex.sortKey, type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });

    this.table = restoredOf(this, stage) ?? own;
    this.arns = {
      table: this.table.tableArn,
      dueIndex: `${this.table.tableArn}/index/${dueIndex.name}`,
      listIndex: `${this.table.tableArn}/index/${listIndex.name}`,
    };
  }
}

/** The stack keeps its own table as well: what it holds may still be asked for. */
function restoredOf(scope: Construct, { table }: Stage): ITable | null {
  return table === undefined
    ? null
    : Table.fromTableAttributes(scope, 'Restored', {
        tableName: table.name,
        tableStreamArn: table.streamArn,
        globalIndexes: [TABLE_SCHEMA.dueIndex.name, TABLE_SCHEMA.listIndex.name],
      });
}

/** A ceiling for the bill, and what it can take from its first second. */
function throughputOf({ limits }: Stage): Pick<TableProps, 'maxWriteRequestUnits' | 'warmThroughput'> {
  const { maxWriteRequestUnits, warmThroughput } = limits ?? {};
  return {
    ...(typeof maxWriteRequestUnits === 'number' ? { maxWriteRequestUnits } : {}),
    ...(warmThroughput ? { warmThroughput } : {}),
  };
}
