/** What the page may load, and how long browsers keep its files: for the local gateway and for the distribution in AWS. */

/** Where the page talks to, beside the origin that it comes from. */
export interface PageOrigins {
  /** The API, where it has another origin. */
  api: string | null;
  issuer: string;
  /** What plays Stripe on a laptop; null: Stripe itself. */
  stripeStandIn: string | null;
}

/** No inline script, no inline style. Stripe.js and its dialogs come from Stripe. */
export function contentSecurityPolicy({ api, issuer, stripeStandIn }: PageOrigins): string {
  const stripe = stripeStandIn ?? 'https://js.stripe.com https://*.js.stripe.com';
  const stripeApi = stripeStandIn ?? 'https://api.stripe.com';
  return [
    "default-src 'none'",
    `script-src 'self' ${stripe}`,
    "style-src 'self'",
    "img-src 'self'",
    ['connect-src', "'self'", api, issuer, stripeApi].filter((part) => part !== null).join(' '),
    'frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Files with a hash in their name never change; all others are asked for each time. */
export function cacheControl(path: string): string {
  return path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
}
