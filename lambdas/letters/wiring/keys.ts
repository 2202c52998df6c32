/** The figures of the reconciler's runs of one UTC day, side by side. */
export function reconciledKey(day: string): string {
  return `RECONCILED#${day}`;
}

/** A letter's text, apart from its user's records. (No id of a user has a `#`.) */
export function textPartition(userId: string, letterId: string): string {
  return `TEXT#${userId}#${letterId}`;
}
