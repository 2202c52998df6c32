/** Stripe.js, which has to come from Stripe and is loaded when a bank asks for its holder, not before. */
import type { PageConfig } from '../page-config.ts';

interface StripeJs {
  handleNextAction(options: { clientSecret: string }): Promise<{ error?: { message?: string } }>;
}

declare global {
  interface Window {
    Stripe?: (publishableKey: string) => StripeJs;
  }
}

export type BankOutcome = 'answered' | 'not possible';

/** Lets the holder of a card answer their bank. What came of it, only our API knows. */
export async function askBank({ stripe }: PageConfig, clientSecret: string): Promise<BankOutcome> {
  if (stripe === null) {
    return 'not possible';
  }
  await load(stripe.scriptUrl);
  const loaded = window.Stripe?.(stripe.publishableKey);
  if (loaded === undefined) {
    return 'not possible';
  }
  await loaded.handleNextAction({ clientSecret });
  return 'answered';
}

function load(url: string): Promise<void> {
  if (window.Stripe !== undefined) {
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = url;
    script.addEventListener('load', () => resolve());
    script.addEventListener('error', () => reject(new Error(`${url} does not load.`)));
    document.head.append(script);
  });
}
