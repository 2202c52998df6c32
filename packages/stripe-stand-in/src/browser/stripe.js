/* global document, fetch, URL, URLSearchParams -- a page has them */
// A double of Stripe.js for pages that talk to the stand-in: `Stripe(publishableKey)` with what finishes a payment.
// Source: https://docs.stripe.com/js/payment_intents/handle_next_action
// Source: https://docs.stripe.com/js/payment_intents/confirm_card_payment
(() => {
  const { origin } = new URL(document.currentScript.src);

  class IntegrationError extends Error {
    name = 'IntegrationError';
  }

  globalThis.Stripe = function Stripe(key) {
    if (!String(key).startsWith('pk_')) {
      throw new IntegrationError('Please call Stripe() with your publishable key. You used another one.');
    }
    const call = async (method, path, parameters) => {
      const form = new URLSearchParams(parameters);
      const response = await fetch(`${origin}${path}${method === 'GET' ? `?${form}` : ''}`, {
        method,
        headers: { authorization: `Bearer ${key}` },
        ...(method === 'GET' ? {} : { body: form }),
      });
      const answer = await response.json();
      return response.ok ? { paymentIntent: answer } : { error: answer.error };
    };
    const pathOf = (clientSecret) => `/v1/payment_intents/${clientSecret.split('_secret_')[0]}`;
    const retrieve = (clientSecret) => call('GET', pathOf(clientSecret), { client_secret: clientSecret });

    const finish = async (clientSecret) => {
      const approved = await askHolder();
      const result = await call('POST', '/v1/3ds2/authenticate', { client_secret: clientSecret, approved });
      const { last_payment_error: error } = result.paymentIntent ?? {};
      return result.paymentIntent?.status === 'requires_payment_method'
        ? { error: { ...error, payment_intent: result.paymentIntent } }
        : result;
    };

    return {
      retrievePaymentIntent: retrieve,
      async handleNextAction({ clientSecret }) {
        const result = await retrieve(clientSecret);
        if (result.paymentIntent !== undefined && result.paymentIntent.status !== 'requires_action') {
          throw new IntegrationError(
            'handleNextAction: The PaymentIntent supplied is not in the requires_action state.',
          );
        }
        return result.error === undefined ? finish(clientSecret) : result;
      },
      async confirmCardPayment(clientSecret, { payment_method: method } = {}) {
        const result = await call('POST', `${pathOf(clientSecret)}/confirm`, {
          client_secret: clientSecret,
          use_stripe_sdk: true,
          ...(method === undefined ? {} : { payment_method: method }),
        });
        return result.paymentIntent?.status === 'requires_action' ? finish(clientSecret) : result;
      },
    };
  };

  /** What the bank shows: the holder approves, or does not. */
  function askHolder() {
    return new Promise((resolve) => {
      const dialog = document.createElement('dialog');
      dialog.append('The bank asks whether it is you.');
      for (const [label, isApproved] of [
        ['Authorize', true],
        ['Fail', false],
      ]) {
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = label;
        button.addEventListener('click', () => {
          dialog.remove();
          resolve(isApproved);
        });
        dialog.append(button);
      }
      document.body.append(dialog);
      dialog.showModal();
    });
  }
})();
