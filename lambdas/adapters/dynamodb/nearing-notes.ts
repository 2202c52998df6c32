import { ConditionalCheckFailedException, DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { THRESHOLD_PERCENTS } from '../../domain/events.ts';
import { type NearingStep, type NotedPercent } from '../../domain/nearing.ts';
import { evaluated, ItemReader, sortKeyOf, toWire, type WireItem } from './items.ts';
import { NEARING_KEY, nearingKey } from './keys.ts';
import { type Page, type PageRequest } from './lists.ts';
import { queryPartition } from './partitions.ts';
import { retrying } from './retry.ts';
import { type Store } from './store.ts';
import { TABLE_SCHEMA } from './table-schema.ts';

/** Of two changes of an account that are told in the wrong order, the newer one holds. */
const IS_OLDER = '#version < :version OR attribute_not_exists(#version)';

/**
 * Notes by which threshold a user is near a limit, or that they no longer are. Each user has at most one note. The
 * account decides in the end: a note that outlives its reason costs a read, and no more.
 *
 * @throws BusyError
 */
export async function noteNearing(
  store: Store,
  userId: string,
  { note, version }: NearingStep,
  deadline: Deadline,
): Promise<void> {
  for (const percent of THRESHOLD_PERCENTS) {
    const key = toWire({ pk: NEARING_KEY, sk: nearingKey(percent, userId) });
    const condition = evaluated({ ConditionExpression: IS_OLDER }, { version });
    const command =
      note?.percent === percent
        ? new PutItemCommand({
            TableName: store.table,
            Item: { ...key, ...toWire({ userId, version, ...expiryOf(note.until) }) },
            ...condition,
          })
        : new DeleteItemCommand({ TableName: store.table, Key: key, ...condition });
    await retrying(deadline, async (abortSignal) => {
      try {
        await (command instanceof PutItemCommand
          ? store.client.send(command, { abortSignal })
          : store.client.send(command, { abortSignal }));
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) {
          throw error;
        }
      }
    });
  }
}

function expiryOf(until: number | null): object {
  return until === null ? {} : { [TABLE_SCHEMA.timeToLive]: Math.ceil(until / 1_000) };
}

/** Who was noted, those who have reached a limit first. @throws BusyError */
export async function listNearingNotes(
  store: Store,
  least: NotedPercent,
  { limit, after }: PageRequest,
  deadline: Deadline,
): Promise<Page<string>> {
  const [highest = least] = THRESHOLD_PERCENTS.toReversed();
  const request = {
    keys: { first: nearingKey(highest, ''), last: `${nearingKey(least, '')}${AFTER_ALL}` },
    after: after === null ? null : toWire({ pk: NEARING_KEY, sk: after }),
    limit,
  };
  const { items, next } = await queryPartition(store, NEARING_KEY, request, deadline);
  return { items: items.map(userOf), next: next === null ? null : sortKeyOf(next) };
}

/** No user's id sorts after it. */
const AFTER_ALL = '\u{10FFFF}';

function userOf(item: WireItem): string {
  return ItemReader.fromWire(item).string('userId');
}
