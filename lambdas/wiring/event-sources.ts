/** What every event of ours names as its source. */
export const EVENT_SOURCE = 'postage';

/** What every sender names as the source of its answers. */
export const ANSWER_SOURCE = 'postage.sender';
