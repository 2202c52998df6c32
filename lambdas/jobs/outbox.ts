import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { batchesOf } from '../runtime/batches.ts';
import { mapConcurrently } from '../runtime/concurrency.ts';
import { deadlineIn } from '../runtime/deadline.ts';
import { appendAuditRecords, MAX_AUDIT_RECORDS } from '../adapters/dynamodb/audit.ts';
import { noteNearing } from '../adapters/dynamodb/nearing-notes.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectEventBus, publishEvents } from '../adapters/eventbridge/publish.ts';
import { connectFailedRecords, setAside } from '../adapters/failed-records.ts';
import { type ChangeParsers, CORE_PARSERS, parseStreamRecord } from '../adapters/dynamodb/stream-record.ts';
import { type AuditRecord, auditOf } from '../domain/audit.ts';
import { type Catalogue } from '../domain/catalogue.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type AnyEvent } from '../domain/event.ts';
import { eventsOf } from '../domain/events-of.ts';
import { type Change } from '../domain/changes.ts';
import { type NearingStep, nearingStep } from '../domain/nearing.ts';
import { requiredVariable } from '../wiring/environment.ts';
import { createLogger } from '../runtime/logger.ts';
import { readBatch, type ReadRecord } from '../runtime/stream-batch.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

/** Less than the function's minute, so that the function can report what has failed. */
const DEADLINE_MS = 40_000;

const AUDIT_CONCURRENCY = 4;

const store = createStore(requiredVariable('table'), catalogueInForce());
const bus = connectEventBus(requiredVariable('eventBus'));
const failedRecords = connectFailedRecords(requiredVariable('failedRecordsBucket'));
const logger = createLogger('outbox');

/** What follows from changes. */
interface Consequences<Change> {
  parsers: ChangeParsers<Change>;
  eventsOf: (change: Change, catalogue: Catalogue) => readonly AnyEvent[];
  auditOf: (change: Change, catalogue: Catalogue) => readonly AuditRecord[];
}

/**
 * Publishes the events of the table's changes, and writes the audit trail. Lambda sends a record that failed again,
 * together with all that follow it. Their events keep their ids.
 */
export function outbox<Change>({ parsers, eventsOf, auditOf }: Consequences<Change>) {
  return async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    const deadline = deadlineIn(DEADLINE_MS);
    const records = await readBatch(Records, {
      parse: (record) => parseStreamRecord(record, parsers),
      setAside: (record) => setAside(failedRecords, 'outbox', record),
      logger,
    });
    const done = [
      publish(records, eventsOf, deadline),
      audit(records, auditOf, deadline),
      noteWhoIsNear(records, deadline),
    ];
    const failed = new Set((await Promise.all(done)).flat());
    return {
      batchItemFailures: records
        .filter(({ sequenceNumber }) => failed.has(sequenceNumber))
        .map(({ sequenceNumber }) => ({ itemIdentifier: sequenceNumber })),
    };
  };
}

export const handler = outbox({ parsers: CORE_PARSERS, eventsOf, auditOf });

/**
 * Sets a record aside whose event EventBridge would refuse each time: coming again, it would only hold up the others.
 *
 * @returns the sequence numbers of the records with an event that the bus did not take
 */
async function publish<Change>(
  records: readonly ReadRecord<Change>[],
  eventsOf: Consequences<Change>['eventsOf'],
  deadline: Deadline,
): Promise<string[]> {
  const sources = new Map<AnyEvent, ReadRecord<Change>>(
    records.flatMap((record) =>
      eventsOf(record.change, store.catalogue).map((event) => [event, record] as const),
    ),
  );
  const unpublished = await publishEvents(bus, [...sources.keys()], deadline);
  const failed: string[] = [];
  for (const { event, reason, isRefused } of unpublished) {
    logger.error('An event could not be published.', { event: event.name, id: event.id, reason, isRefused });
    const source = sources.get(event);
    if (source !== undefined && isRefused) {
      await setAside(failedRecords, 'outbox', source.record);
    } else if (source !== undefined) {
      failed.push(source.sequenceNumber);
    }
  }
  return failed;
}

const NOTES_AT_ONCE = 8;

/** @returns the sequence numbers of the accounts of which could not be noted that they are near a limit */
async function noteWhoIsNear<Change>(
  records: readonly ReadRecord<Change>[],
  deadline: Deadline,
): Promise<string[]> {
  // Of a user, the last change alone counts.
  const steps = new Map<string, { step: NearingStep; sequenceNumber: string }>();
  for (const { change, sequenceNumber } of records) {
    const step = isAccountChange(change) ? nearingStep(change) : null;
    if (step !== null && isAccountChange(change)) {
      steps.set(change.userId, { step, sequenceNumber });
    }
  }
  const failed = await mapConcurrently(
    [...steps],
    NOTES_AT_ONCE,
    async ([userId, { step, sequenceNumber }]) => {
      try {
        await noteNearing(store, userId, step, deadline);
        return [];
      } catch (error) {
        logger.error('It could not be noted whether a user is near a limit.', { userId, error });
        return [sequenceNumber];
      }
    },
  );
  return failed.flat();
}

/** @returns the sequence numbers of the records that are missing in the audit trail */
async function audit<Change>(
  records: readonly ReadRecord<Change>[],
  auditOf: Consequences<Change>['auditOf'],
  deadline: Deadline,
): Promise<string[]> {
  const sources = new Map<string, { record: AuditRecord; sequenceNumber: string }>();
  for (const { change, sequenceNumber } of records) {
    for (const record of auditOf(change, store.catalogue)) {
      sources.set(record.id, { record, sequenceNumber });
    }
  }
  const failed = await mapConcurrently(
    batchesOf([...sources.values()], MAX_AUDIT_RECORDS),
    AUDIT_CONCURRENCY,
    async (part) => {
      try {
        await appendAuditRecords(
          store,
          part.map(({ record }) => record),
          deadline,
        );
        return [];
      } catch (error) {
        logger.error('Audit records could not be written.', {
          ids: part.map(({ record }) => record.id),
          error,
        });
        return part.map(({ sequenceNumber }) => sequenceNumber);
      }
    },
  );
  return failed.flat();
}

/** An app on top of the core has changes of its own kinds. */
function isAccountChange(change: unknown): change is Change<'account'> {
  return typeof change === 'object' && change !== null && 'kind' in change && change.kind === 'account';
}
