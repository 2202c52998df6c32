/** Checkout and the Portal as pages to click through, for a person in a browser. They do what the control routes do. */
import { createHash } from 'node:crypto';
import { type Stripe } from 'stripe';
import { ApiError } from './api-error.ts';
import { type CardName } from './cards.ts';
import { type Control } from './control.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';

export interface PageRequest {
  method: string;
  path: string;
  /** The form that was sent. */
  body: string;
}

interface PageAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Answers at the addresses of pages; null for any other. */
export function answerHostedPage(
  { method, path, body }: PageRequest,
  sandbox: Sandbox,
  control: Control,
): PageAnswer | null {
  const [, kind, id] = /^\/(c\/pay|p\/session)\/(\w+)$/.exec(path) ?? [];
  if (id === undefined || (method !== 'GET' && method !== 'POST')) {
    return null;
  }
  const form = method === 'POST' ? new URLSearchParams(body) : null;
  try {
    return kind === 'c/pay'
      ? checkoutPage(sandbox, control, id, form)
      : portalPage(sandbox, control, id, form);
  } catch (error) {
    if (error instanceof ApiError) {
      return page(error.status, 'This page does not work', `<p>${escape(error.message)}</p>`);
    }
    throw error;
  }
}

const CARDS: readonly (readonly [CardName, string])[] = [
  ['pm_card_visa', 'A card that pays'],
  ['pm_card_authenticationRequired', 'A card whose bank asks for its holder'],
  ['pm_card_chargeCustomerFail', 'A card that declines every charge'],
  ['pm_card_visa_chargeDeclinedInsufficientFunds', 'A card without funds'],
];

function checkoutPage(
  sandbox: Sandbox,
  control: Control,
  id: string,
  form: URLSearchParams | null,
): PageAnswer {
  const session = sandbox.get('checkout_session', id);
  const back = session.cancel_url ?? session.success_url ?? '/';
  let problem = '';
  if (form !== null && session.status === 'open') {
    try {
      control.payCheckout(id, { paymentMethod: form.get('card') ?? 'pm_card_visa' });
    } catch (error) {
      problem = messageOf(error);
    }
  }
  if (session.status === 'complete') {
    return { status: 303, headers: { location: session.success_url ?? '/' }, body: '' };
  }
  if (session.status !== 'open') {
    return page(410, 'This page has expired', `<p><a href="${escape(back)}">Back</a></p>`);
  }
  const { lineItems } = sandbox.get('checkout_plan', id);
  const lines = lineItems.map(
    ({ description, amount_total: amount, price }) =>
      `<li><span>${escape(description ?? '')}</span> <span>${money(amount)}${intervalOf(price)}</span></li>`,
  );
  return page(
    200,
    session.mode === 'subscription' ? 'Subscribe' : 'Pay',
    `${problemIn(problem)}
<ul>${lines.join('\n')}</ul>
<p class="total"><span>Due today</span> <strong>${money(session.amount_total ?? 0)}</strong></p>
<form method="post">
${cardChoices()}
<button>Pay ${money(session.amount_total ?? 0)}</button>
</form>
<p><a href="${escape(back)}">Back without paying</a></p>`,
  );
}

function portalPage(
  sandbox: Sandbox,
  control: Control,
  id: string,
  form: URLSearchParams | null,
): PageAnswer {
  const { customer: customerId, return_url: back } = sandbox.get('portal_session', id);
  let problem = '';
  if (form !== null) {
    try {
      control.changeCardInPortal(customerId, form.get('card') ?? '');
    } catch (error) {
      problem = messageOf(error);
    }
  }
  const said =
    form !== null && problem === '' ? '<p role="status"><strong>The card is changed.</strong></p>' : '';
  const invoices = sandbox
    .all('invoice')
    .filter(({ customer }) => refId(customer) === customerId)
    .map(
      ({ created, total, status }) =>
        `<li><span>${new Date(created * 1_000).toISOString().slice(0, 10)}, ${status ?? ''}</span> <span>${money(total)}</span></li>`,
    );
  return page(
    200,
    'Cards and invoices',
    `${problemIn(problem)}${said}
<form method="post">
${cardChoices()}
<button>Use this card</button>
</form>
<h2>Invoices</h2>
${invoices.length === 0 ? '<p>There is none yet.</p>' : `<ul>${invoices.join('\n')}</ul>`}
<p><a href="${escape(back ?? '/')}">Back to the app</a></p>`,
  );
}

function cardChoices(): string {
  const choices = CARDS.map(
    ([name, about], index) =>
      `<label><input type="radio" name="card" value="${name}"${index === 0 ? ' checked' : ''}> ${about}</label>`,
  );
  return `<fieldset><legend>Card</legend>${choices.join('\n')}</fieldset>`;
}

function problemIn(text: string): string {
  return text === '' ? '' : `<p role="alert" class="problem">${escape(text)}</p>`;
}

function messageOf(error: unknown): string {
  if (error instanceof ApiError) {
    return error.message;
  }
  throw error;
}

function money(cents: number): string {
  return new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' }).format(cents / 100);
}

function intervalOf(price: Stripe.Price | null): string {
  const { interval } = price?.recurring ?? {};
  return interval === undefined ? '' : ` a ${interval}`;
}

function escape(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (sign) => names[sign] ?? sign);
}

const STYLE = `
:root { color-scheme: light dark; }
body { margin: 0; background: light-dark(#f6f6f9, #14151a); color: light-dark(#1b1d27, #eceef4); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 26rem; margin: 8vh auto; padding: 1.5rem; border: 1px solid light-dark(#dcdde6, #343845); border-radius: .75rem; background: light-dark(#fff, #1c1e25); }
h1 { margin: 0 0 1rem; font-size: 1.375rem; }
h2 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
ul { margin: 0; padding: 0; list-style: none; }
li, .total { display: flex; justify-content: space-between; gap: 1rem; }
fieldset { display: grid; gap: .25rem; margin: 1rem 0; padding: 0; border: 0; }
legend { font-weight: 600; }
label { display: flex; gap: .5rem; align-items: center; min-height: 2rem; }
button { width: 100%; min-height: 2.75rem; border: 0; border-radius: .5rem; background: light-dark(#3d4fd1, #93a0ff); color: light-dark(#fff, #14151a); font: inherit; font-weight: 600; cursor: pointer; }
a { color: light-dark(#3d4fd1, #93a0ff); }
.problem { color: light-dark(#b3261e, #ff9b93); font-weight: 600; }
small { color: light-dark(#55596b, #a9aec0); }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

function page(status: number, title: string, body: string): PageAnswer {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'`,
    },
    body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
<main>
<h1>${title}</h1>
${body}
<p><small>A stand-in for Stripe. Nobody is charged.</small></p>
</main>
`,
  };
}
