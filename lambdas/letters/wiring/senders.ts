/** How many batches each sender works on at once. They share the provider's rate. */
export const BATCHES_AT_ONCE = 2;
