/** `/docs/pay`: the least that a page has to do so that a card can pay for a mail. */
import { createHash } from 'node:crypto';
import { type File } from '../../http/operation.ts';

/** What the page does. The bank's question is answered in a dialog of Stripe.js's; the same key then tells how it went. */
const SCRIPT = `
  const form = document.querySelector('form');
  const show = (text) => (document.querySelector('output').value = text);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { token, publishableKey, delivery } = Object.fromEntries(new FormData(form));
    const key = crypto.randomUUID();
    const schedule = async () => {
      const headers = { authorization: 'Bearer ' + token, 'content-type': 'application/json', 'idempotency-key': key };
      const response = await fetch('../deliveries', { method: 'POST', headers, body: delivery });
      return response.json();
    };
    show('…');
    let answer = await schedule();
    if (answer.code === 'payment_action_required') {
      await Stripe(publishableKey).handleNextAction({ clientSecret: answer.clientSecret });
      answer = await schedule();
    }
    show(JSON.stringify(answer, null, 2));
  });
`;

const EXAMPLE = {
  letterId: '…',
  channel: 'mail',
  deliverAt: '2046-11-24T09:00:00Z',
  recipient: {
    name: 'Ada Lovelace',
    line1: '12 St James’s Square',
    city: 'London',
    postalCode: 'SW1Y 4JH',
    country: 'GB',
  },
  payAsYouGo: true,
};

/** Stripe.js has to come from Stripe, and goes by the same name as the version of its API. */
const STRIPE_JS = 'endive/stripe.js';

function pageWith(origin: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Pay for a mail by card</title>
<script src="${origin}/${STRIPE_JS}"></script>
<form>
  <p><label>Token of the user <input name="token" required></label>
  <p><label>Stripe’s publishable key <input name="publishableKey" placeholder="pk_test_…" required></label>
  <p><label>Body of POST /deliveries <textarea name="delivery" rows="18" cols="72">${JSON.stringify(EXAMPLE, null, 2)}</textarea></label>
  <p><button>Schedule, and pay</button>
</form>
<pre><output></output></pre>
<script>${SCRIPT}</script>
`;
}

/**
 * The page, and what it may load: its own script, and Stripe.js with the dialogs that it opens.
 *
 * @param standIn the server that stands in for Stripe's, on a laptop
 */
export function payPage(standIn: string | null): {
  headers: { 'content-security-policy': string };
  file: File;
} {
  const origin = standIn ?? 'https://js.stripe.com';
  const hash = createHash('sha256').update(SCRIPT).digest('base64');
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${hash}' ${origin} https://*.js.stripe.com`,
    `connect-src 'self' ${standIn ?? 'https://api.stripe.com'}`,
    'frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com',
    'img-src https://*.stripe.com',
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return {
    headers: { 'content-security-policy': policy },
    file: { mediaType: 'text/html; charset=utf-8', content: Buffer.from(pageWith(origin)) },
  };
}
