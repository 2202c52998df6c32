/** How many batches each sender works on at once, unless the stage says otherwise. They share the provider's rate. */
export const BATCHES_AT_ONCE = 2;
