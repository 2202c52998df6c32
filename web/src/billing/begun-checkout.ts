/** What a tab has begun to buy, while its user is on Stripe's page. */
export type BegunCheckout = { kind: 'plan'; plan: string } | { kind: 'bundle'; purchaseId: string };

const PLACE = 'postage-checkout';

export function rememberCheckout(begun: BegunCheckout): void {
  window.sessionStorage.setItem(
    PLACE,
    `${begun.kind}:${begun.kind === 'plan' ? begun.plan : begun.purchaseId}`,
  );
}

export function begunCheckout(): BegunCheckout | null {
  const [kind, id] = (window.sessionStorage.getItem(PLACE) ?? '').split(/:(.*)/s);
  if (id === undefined) {
    return null;
  }
  return kind === 'plan' ? { kind, plan: id } : { kind: 'bundle', purchaseId: id };
}

export function forgetCheckout(): void {
  window.sessionStorage.removeItem(PLACE);
}
