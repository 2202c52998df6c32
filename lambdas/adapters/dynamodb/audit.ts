import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { DAY_MS, type Instant, toIso, utcDay } from '../../domain/instants.ts';
import { namesIn, toWire } from './items.ts';
import { auditKey } from './keys.ts';
import { IS_NEW } from './put-new.ts';
import { retrying } from './retry.ts';
import { type Store } from './store.ts';
import { TABLE_SCHEMA } from './table-schema.ts';

/** Who did what, when. */
export interface AuditRecord {
  /** Stays the same when the same thing is recorded again. */
  id: string;
  at: Instant;
  type: 'RolloverFinished';
  actor: string;
  data: Record<string, unknown>;
}

/** Audit records are kept for two years. */
const KEPT_DAYS = 731;

/** Appends to the audit trail; a record that is there already stays as it is. @throws BusyError */
export async function appendAudit(store: Store, record: AuditRecord, deadline: Deadline): Promise<void> {
  const { id, at, type, actor, data } = record;
  await retrying(deadline, async (abortSignal) => {
    try {
      await store.client.send(
        new PutItemCommand({
          TableName: store.table,
          Item: toWire({
            pk: auditKey(utcDay(at)),
            sk: `${toIso(at)}#${id}`,
            id,
            at,
            type,
            actor,
            data,
            [TABLE_SCHEMA.timeToLive]: Math.ceil((at + KEPT_DAYS * DAY_MS) / 1000),
          }),
          ConditionExpression: IS_NEW,
          ExpressionAttributeNames: namesIn(IS_NEW),
        }),
        { abortSignal },
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) {
        throw error;
      }
    }
    return null;
  });
}
