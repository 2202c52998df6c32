/** The figures of the reconciler's runs of one UTC day, side by side. */
export function reconciledKey(day: string): string {
  return `RECONCILED#${day}`;
}
