/** A table as it was at an instant, with what a restore does not bring. Each step may be repeated. */
import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
  RestoreTableToPointInTimeCommand,
  type TableDescription,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { TABLE_SCHEMA } from '../lambdas/adapters/dynamodb/table-schema.ts';
import { type Instant, toIso } from '../lambdas/domain/instants.ts';
import { UsageError } from './usage-error.ts';

const LONGEST_RESTORE_SECONDS = 24 * 3_600;

/** Of a source and an instant it is always the same, so that a restore that was broken off is found again. */
export function nameOfRestored(source: string, at: Instant): string {
  return `${source}-${toIso(at).replaceAll(/\D/g, '').slice(0, 14)}`;
}

/** @returns whether there was none yet. @throws UsageError */
export async function restoreOnce(
  client: DynamoDBClient,
  { source, target, at }: { source: string; target: string; at: Instant },
): Promise<boolean> {
  const isNew = (await describe(client, target)) === null;
  if (isNew) {
    const names = { SourceTableName: source, TargetTableName: target };
    const restore = new RestoreTableToPointInTimeCommand({ ...names, RestoreDateTime: new Date(at) });
    await client.send(restore).catch((error: unknown) => {
      throw new UsageError(`${source} can't be restored to ${toIso(at)}. (${String(error)})`);
    });
  }
  await waitUntilTableExists({ client, maxWaitTime: LONGEST_RESTORE_SECONDS }, { TableName: target });
  return isNew;
}

/** Stream, expiry, backups and protection, each unless it is there: DynamoDB refuses to switch them on twice. @returns its stream */
export async function complete(client: DynamoDBClient, TableName: string): Promise<string> {
  const before = await describe(client, TableName);
  if (before?.StreamSpecification?.StreamEnabled !== true) {
    const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } as const;
    await client.send(new UpdateTableCommand({ TableName, StreamSpecification }));
    await waitUntilTableExists({ client, maxWaitTime: LONGEST_RESTORE_SECONDS }, { TableName });
  }
  await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  if (TimeToLiveDescription?.TimeToLiveStatus?.startsWith('ENABL') !== true) {
    const TimeToLiveSpecification = { AttributeName: TABLE_SCHEMA.timeToLive, Enabled: true };
    await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  }
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
  await client.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }));
  return (await describe(client, TableName))?.LatestStreamArn ?? '';
}

/** Null: there is none of that name. @throws UsageError */
async function describe(client: DynamoDBClient, TableName: string): Promise<TableDescription | null> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName }))).Table ?? null;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) {
      return null;
    }
    throw new UsageError(`The table ${TableName} can't be reached. (${String(error)})`);
  }
}
