import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Deadline } from '../../domain/deadline.ts';
import { addUser, emptySketch, mergeSketches, type UserSketch } from '../../domain/distinct-users.ts';
import { batchesOf } from '../../runtime/batches.ts';
import { batchGet, MAX_BATCH_ITEMS } from './batch-get.ts';
import { evaluated, ItemReader, toWire, type WireItem } from './items.ts';
import { sketchPartition } from './keys.ts';
import { retrying, TRY_AGAIN } from './retry.ts';
import { type Store } from './store.ts';
import { SKETCH_PARTS } from './table-schema.ts';

/**
 * The users of days and months, as sketches. A deflated sketch takes 130 bytes for ten users, 10 kB for ten thousand
 * and at most 28 kB. It lies in parts, so that a write that changes one user's register is a write of 7 kB at most, and no
 * partition takes all writes of a day.
 */

/** The registers of a sketch, in their order, from a part on. */
const PART_BYTES = emptySketch().length / SKETCH_PARTS;

/** Nobody has written the part since it was read. */
const IS_AT_VERSION = '#version = :version OR attribute_not_exists(#version)';

/**
 * Adds users to the sketch of a day or a month (`2026-11-24`, `2026-11`). It writes only the parts that change, and adding
 * a user again changes none.
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
    const parts = partsIn(await batchGet(store, keysOf(unit), deadline), unit);
    const sketch = sketchOf(parts);
    userIds.forEach((userId) => addUser(sketch, hashOf(userId)));
    const written = await Promise.all(
      parts.map(async ({ key, registers, version }, index) => {
        const after = sketch.subarray(index * PART_BYTES, (index + 1) * PART_BYTES);
        return Buffer.compare(registers, after) === 0 || writePart(store, key, after, version, abortSignal);
      }),
    );
    return written.every(Boolean) ? null : TRY_AGAIN;
  });
}

/** @returns false: somebody else has written it since it was read */
async function writePart(
  store: Store,
  key: WireItem,
  registers: Uint8Array,
  version: number,
  abortSignal: AbortSignal,
): Promise<boolean> {
  try {
    await store.client.send(
      new PutItemCommand({
        TableName: store.table,
        Item: { ...key, ...toWire({ version: version + 1, registers: deflateRawSync(registers) }) },
        ...evaluated({ ConditionExpression: IS_AT_VERSION }, { version }),
      }),
      { abortSignal },
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) {
      return false;
    }
    throw error;
  }
}

/** The sketch of everybody in any of the days and months; 25 of them are one request. @throws BusyError */
export async function readSketches(
  store: Store,
  units: readonly string[],
  deadline: Deadline,
): Promise<UserSketch> {
  const items: WireItem[] = [];
  for (const keys of batchesOf(units.flatMap(keysOf), MAX_BATCH_ITEMS)) {
    items.push(...(await batchGet(store, keys, deadline)));
  }
  return mergeSketches(units.map((unit) => sketchOf(partsIn(items, unit))));
}

function keysOf(unit: string): WireItem[] {
  return Array.from({ length: SKETCH_PARTS }, (_, part) =>
    toWire({ pk: sketchPartition(unit, part), sk: 'SKETCH' }),
  );
}

interface Part {
  key: WireItem;
  registers: Uint8Array;
  version: number;
}

/** The parts of a day or a month in their order. One that is not there is empty. @throws CorruptItemError */
function partsIn(items: readonly WireItem[], unit: string): Part[] {
  const byPartition = new Map(items.map((item) => [item['pk']?.S, item]));
  return keysOf(unit).map((key) => {
    const item = byPartition.get(key['pk']?.S);
    if (item === undefined) {
      return { key, registers: new Uint8Array(PART_BYTES), version: 0 };
    }
    const reader = ItemReader.fromWire(item);
    return { key, registers: inflateRawSync(reader.binary('registers')), version: reader.integer('version') };
  });
}

function sketchOf(parts: readonly Part[]): UserSketch {
  return Buffer.concat(parts.map(({ registers }) => registers));
}

function hashOf(userId: string): Uint8Array {
  return createHash('sha256').update(userId).digest();
}
