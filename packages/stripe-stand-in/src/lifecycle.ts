import { type Seconds } from './calendar.ts';
import { expireSession } from './checkout.ts';
import { settlePayment } from './payments.ts';
import { settleRefund } from './refunds.ts';
import { type Sandbox } from './sandbox.ts';
import { type Settlement } from './state.ts';
import { type Due, nextOfInvoice, nextOfSubscription } from './subscription-lifecycle.ts';

export interface Lifecycle {
  /** Does everything that has become due by now, each at its own instant and in their order. */
  advance(): void;
}

export function createLifecycle(sandbox: Sandbox): Lifecycle {
  let advancedTo: Seconds = sandbox.clockSeconds();
  // Each change gives out a new id, at least that of its event. Until then the next instant stays the same.
  let known = { idCount: -1, nextAt: -Infinity };

  const isQuiet = (now: Seconds): boolean => known.idCount === sandbox.idCount && now < known.nextAt;

  const next = (now: Seconds): Due[] => {
    const dues = allDue(sandbox);
    const nextAt = dues.reduce((earliest, { at }) => Math.min(earliest, at), Infinity);
    known = { idCount: sandbox.idCount, nextAt };
    return nextAt <= now ? dues.filter(({ at }) => at === nextAt) : [];
  };

  return {
    advance: () => {
      const now = sandbox.clockSeconds();
      while (!isQuiet(now)) {
        const dues = next(now);
        for (const due of dues) {
          // What was scheduled into the past happens now.
          advancedTo = Math.max(advancedTo, due.at);
          sandbox.actAt(advancedTo, due.run);
        }
      }
      advancedTo = Math.max(advancedTo, now);
    },
  };
}

function allDue(sandbox: Sandbox): Due[] {
  const { subscription, invoice, checkout_session: session, settlement } = sandbox.state;
  const dues: (Due | null)[] = [];
  for (const one of subscription.values()) {
    dues.push(nextOfSubscription(sandbox, one));
  }
  for (const one of invoice.values()) {
    dues.push(nextOfInvoice(sandbox, one));
  }
  for (const one of session.values()) {
    if (one.status === 'open') {
      dues.push({ at: one.expires_at, run: () => expireSession(sandbox, one) });
    }
  }
  for (const one of settlement.values()) {
    dues.push({ at: one.at, run: () => settle(sandbox, one) });
  }
  return dues.filter((due) => due !== null);
}

function settle(sandbox: Sandbox, { id, outcome }: Settlement): void {
  if (sandbox.state.refund.has(id)) {
    settleRefund(sandbox, id, outcome);
  } else {
    settlePayment(sandbox, id, outcome);
  }
}
