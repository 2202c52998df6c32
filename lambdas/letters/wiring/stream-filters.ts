import { streamConsumersOf } from '../../wiring/stream-filters.ts';

/** A delivery also counts when it has been paid, sent or refunded. */
export const STREAM_CONSUMERS = streamConsumersOf({ made: ['LETTER', 'DELIVERY'], changed: ['DELIVERY'] });
