/** What browsers are told of the page: by the local gateway, and by the distribution in AWS. */

/** Where the page talks to, beside the origin that it and the API come from. */
export interface PageOrigins {
  /** Where users sign in, and where the page gets their tokens. */
  signIn: readonly string[];
  /** What plays Stripe on a laptop; null: Stripe itself. */
  stripeStandIn: string | null;
}

/** No inline script, no inline style. Stripe.js and its dialogs come from Stripe. */
export function contentSecurityPolicy({ signIn, stripeStandIn }: PageOrigins): string {
  const stripe = stripeStandIn ?? 'https://js.stripe.com https://*.js.stripe.com';
  const stripeApi = stripeStandIn ?? 'https://api.stripe.com';
  return [
    "default-src 'none'",
    `script-src 'self' ${stripe}`,
    "style-src 'self'",
    "img-src 'self'",
    ['connect-src', "'self'", ...signIn, stripeApi].join(' '),
    'frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Stripe.js, as Stripe documents it: it goes by the same name as the version of the API. */
export function stripeScript(origin = 'https://js.stripe.com'): string {
  return `${origin}/endive/stripe.js`;
}
