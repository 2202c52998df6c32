/**
 * What `-c stripeApiUrl` says: another server than Stripe's, for a stack that is only tried out. Empty for Stripe's own.
 *
 * @throws Error when it is no address
 */
export function parseStripeApiUrl(given: unknown): string {
  if (given === undefined) {
    return '';
  }
  if (typeof given !== 'string' || !/^https?:\/\//.test(given) || !URL.canParse(given)) {
    throw new Error('An address is a whole one: -c stripeApiUrl=http://127.0.0.1:12111');
  }
  return given;
}
