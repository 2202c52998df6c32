import { type Stripe } from 'stripe';

/** New values over the old; an empty one takes its key away, and null takes all away. */
export function mergeMetadata(
  existing: Stripe.Metadata,
  values: Record<string, string> | null | undefined,
): Stripe.Metadata {
  if (values === null) {
    return {};
  }
  const merged = { ...existing, ...values };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''));
}

/** Without the members that a request left out, so that they don't overwrite anything. */
export function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

export function dollars(cents: number): string {
  return `$${(cents / 100).toFixed(2)}`;
}
