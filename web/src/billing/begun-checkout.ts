import { usePlace } from '../session/kept.ts';

/** What a tab has begun to buy, while its user is on Stripe's page. */
export type BegunCheckout = { kind: 'plan'; plan: string } | { kind: 'bundle'; purchaseId: string };

export function useCheckoutPlace(): string {
  return usePlace('checkout');
}

export function rememberCheckout(place: string, begun: BegunCheckout): void {
  window.sessionStorage.setItem(
    place,
    `${begun.kind}:${begun.kind === 'plan' ? begun.plan : begun.purchaseId}`,
  );
}

export function begunCheckout(place: string): BegunCheckout | null {
  const [kind, id] = (window.sessionStorage.getItem(place) ?? '').split(/:(.*)/s);
  if (id === undefined) {
    return null;
  }
  return kind === 'plan' ? { kind, plan: id } : { kind: 'bundle', purchaseId: id };
}

export function forgetCheckout(place: string): void {
  window.sessionStorage.removeItem(place);
}
