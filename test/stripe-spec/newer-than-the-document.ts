/** What stripe-mock refuses only because its document is older than the version that Postage speaks. */
export const NEWER_THAN_THE_DOCUMENT: readonly { message: string; reason: string }[] = [];
