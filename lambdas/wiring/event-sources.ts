/** What every event of ours names as its source. */
export const EVENT_SOURCE = 'postage';
