import { outbox } from '../../jobs/outbox.ts';
import { PARSERS } from '../adapters/stream-record.ts';
import { auditOf } from '../domain/audit.ts';
import { eventsOf } from '../domain/events-of.ts';

export const handler = outbox({ parsers: PARSERS, eventsOf, auditOf });
