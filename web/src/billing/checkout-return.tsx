import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, type ReactNode, useEffect, useState } from 'react';
import { useSearchParams } from 'wouter';
import { type Api, answerOf } from '../api/client.ts';
import { OWN } from '../api/reads.ts';
import { useWords } from '../catalogue/use-words.ts';
import { Notice } from '../components/notice.tsx';
import { usePage } from '../page-context.ts';
import { texts } from '../texts/texts.ts';
import { type BegunCheckout, begunCheckout, forgetCheckout, useCheckoutPlace } from './begun-checkout.ts';

const PARAMETER = 'checkout';

/** After Stripe's page: whether it was left, or how what was paid arrives. */
export function CheckoutReturn(): ReactNode {
  const [search, setSearch] = useSearchParams();
  // Both last as long as the page does, though the address is made clean at once.
  const [outcome] = useState(() => search.get(PARAMETER));
  const place = useCheckoutPlace();
  const [begun] = useState(() => begunCheckout(place));
  useEffect(() => {
    if (search.has(PARAMETER)) {
      setSearch({}, { replace: true });
    }
  }, [search, setSearch]);
  useEffect(() => {
    if (outcome === 'cancelled') {
      forgetCheckout(place);
    }
  }, [outcome, place]);
  if (outcome === 'cancelled') {
    return <Notice tone="info" title={texts.plans.cancelled} isLive />;
  }
  return outcome === 'succeeded' && begun !== null ? <Arrival begun={begun} /> : null;
}

/** At first often: most payments are reported within seconds. After some two minutes it says that it goes on. */
const WAITS_MS = [1_000, 2_000, 3_000, 5_000];
const LAST_WAIT_MS = 5_000;
const MOST_LOOKS = 26;

/** Money and balances are never guessed: it asks until the API knows of the payment. */
function Arrival({ begun }: { begun: BegunCheckout }): ReactElement {
  const { api } = usePage();
  const queries = useQueryClient();
  const words = useWords();
  const place = useCheckoutPlace();
  const { data } = useQuery({
    queryKey: ['arrival', begun],
    queryFn: async ({ client, queryKey }) => {
      const looks = client.getQueryData<{ looks: number }>(queryKey)?.looks ?? 0;
      return { hasArrived: await arrived(api, begun), looks: looks + 1 };
    },
    refetchInterval: ({ state: { data: found } }) => {
      const looks = found?.looks ?? 0;
      return found?.hasArrived === true || looks >= MOST_LOOKS ? false : (WAITS_MS[looks] ?? LAST_WAIT_MS);
    },
  });
  const hasArrived = data?.hasArrived === true;
  useEffect(() => {
    if (hasArrived) {
      forgetCheckout(place);
      void queries.invalidateQueries({ queryKey: OWN });
    }
  }, [hasArrived, queries, place]);
  const isPlan = begun.kind === 'plan';
  if (hasArrived) {
    const title = isPlan ? texts.plans.arrived(words.planName(begun.plan)) : texts.credits.arrived;
    return <Notice tone="good" title={title} isLive />;
  }
  const takesLong = (data?.looks ?? 0) >= MOST_LOOKS;
  const about = isPlan ? texts.plans : texts.credits;
  return <Notice tone="info" title={takesLong ? about.arrivingLong : about.arriving} isLive />;
}

async function arrived(api: Api, begun: BegunCheckout): Promise<boolean> {
  if (begun.kind === 'plan') {
    const { plan } = await answerOf(api.letters.GET('/account'));
    return plan === begun.plan;
  }
  const { items } = await answerOf(api.letters.GET('/credits/purchases', { params: { query: {} } }));
  return items.some(({ id, status }) => id === begun.purchaseId && status === 'paid');
}
