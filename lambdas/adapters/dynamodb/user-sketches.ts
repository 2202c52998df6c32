import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Deadline } from '../../domain/deadline.ts';
import { addUser, emptySketch, mergeSketches, type UserSketch } from '../../domain/distinct-users.ts';
import { batchesOf } from '../../runtime/batches.ts';
import { batchGet, MAX_BATCH_ITEMS } from './batch-get.ts';
import { getItem } from './get-item.ts';
import { evaluated, ItemReader, toWire, type WireItem } from './items.ts';
import { sketchPartition } from './keys.ts';
import { retrying, TRY_AGAIN } from './retry.ts';
import { type Store } from './store.ts';

/**
 * The users of days and months, as sketches, each in a partition of its own. A deflated sketch takes 130 bytes for ten
 * users, 10 kB for ten thousand and at most 28 kB.
 */

/** Nobody has written the sketch since it was read. */
const IS_AT_VERSION = '#version = :version OR attribute_not_exists(#version)';

/**
 * Adds users to the sketch of a day or a month (`2026-11-24`, `2026-11`). Adding a user again changes nothing, and then
 * it writes nothing.
 *
 * @throws BusyError
 */
export async function addToSketch(
  store: Store,
  unit: string,
  userIds: readonly string[],
  deadline: Deadline,
): Promise<void> {
  await retrying(deadline, async (abortSignal) => {
    const key = sketchKey(unit);
    const item = await getItem(store, key, deadline);
    const { sketch, version } = item === null ? { sketch: emptySketch(), version: 0 } : parseSketch(item);
    const changes = userIds.filter((userId) => addUser(sketch, hashOf(userId)));
    if (changes.length === 0) {
      return null;
    }
    try {
      await store.client.send(
        new PutItemCommand({
          TableName: store.table,
          Item: { ...key, ...toWire({ version: version + 1, registers: deflateRawSync(sketch) }) },
          ...evaluated({ ConditionExpression: IS_AT_VERSION }, { version }),
        }),
        { abortSignal },
      );
      return null;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        return TRY_AGAIN;
      }
      throw error;
    }
  });
}

/** The sketch of everybody in any of the days and months; a hundred of them are one request. @throws BusyError */
export async function readSketches(
  store: Store,
  units: readonly string[],
  deadline: Deadline,
): Promise<UserSketch> {
  const items: WireItem[] = [];
  for (const keys of batchesOf(units.map(sketchKey), MAX_BATCH_ITEMS)) {
    items.push(...(await batchGet(store, keys, deadline)));
  }
  return mergeSketches(items.map((item) => parseSketch(item).sketch));
}

function sketchKey(unit: string): WireItem {
  return toWire({ pk: sketchPartition(unit), sk: 'SKETCH' });
}

/** @throws CorruptItemError */
function parseSketch(item: WireItem): { sketch: UserSketch; version: number } {
  const reader = ItemReader.fromWire(item);
  return { sketch: inflateRawSync(reader.binary('registers')), version: reader.integer('version') };
}

function hashOf(userId: string): Uint8Array {
  return createHash('sha256').update(userId).digest();
}
