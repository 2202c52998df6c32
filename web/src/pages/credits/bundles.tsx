import { useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { isDecided } from '../../api/failure.ts';
import { answerOf } from '../../api/client.ts';
import { OWN } from '../../api/reads.ts';
import type { Schemas } from '../../api/schemas.ts';
import { rememberCheckout, useCheckoutPlace } from '../../billing/begun-checkout.ts';
import type { Catalogue } from '../../catalogue/use-catalogue.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { Notice } from '../../components/notice.tsx';
import { format } from '../../format/reader.ts';
import { Submitting } from '../../forms/submitting.tsx';
import { useSubmission } from '../../forms/use-submission.ts';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';
import './credits.css';
import { BusyButton } from '../../components/busy-button.tsx';

type Status = Schemas['Purchase']['status'];
type Bundle = NonNullable<Catalogue['credit']>['bundles'][number];

/** Each with its price, and what one credit of it costs. Paying is on Stripe's page. */
export function Bundles({ bundles }: { bundles: readonly Bundle[] }): ReactElement {
  const { api } = usePage();
  const { credit } = useWords();
  const queries = useQueryClient();
  const place = useCheckoutPlace();
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [ended, setEnded] = useState<Status | null>(null);
  const submission = useSubmission(
    (bundle: number) =>
      answerOf(
        api.letters.POST('/credits/purchases', {
          params: { header: { 'Idempotency-Key': `${key}-${bundle}` } },
          body: { bundle },
        }),
      ),
    ({ id, status, checkoutUrl }) => {
      if (checkoutUrl === null) {
        setEnded(status);
        setKey(crypto.randomUUID());
        void queries.invalidateQueries({ queryKey: OWN });
        return;
      }
      rememberCheckout(place, { kind: 'bundle', purchaseId: id });
      window.location.assign(checkoutUrl);
    },
    (failure) => {
      if (isDecided(failure)) {
        setKey(crypto.randomUUID());
      }
    },
  );
  return (
    <div className="stack">
      <p className="soft">{texts.credits.buyLead}</p>
      <ul className="bundles">
        {bundles.map(({ credits, price }) => (
          <li key={credits}>
            <div>
              <strong>{format.counted(credits, credit)}</strong>
              <p className="soft small">
                {texts.credits.each(format.money({ ...price, amountCents: price.amountCents / credits }))}
              </p>
            </div>
            <BusyButton
              label={texts.credits.buyOne(format.money(price))}
              isBusy={submission.isBusy}
              busyLabel={texts.credits.buyOne(format.money(price))}
              onPress={() => {
                setEnded(null);
                submission.submit(credits);
              }}
            />
          </li>
        ))}
      </ul>
      <Submitting submission={submission} />
      {ended !== null && <Notice tone="info" title={endedText(ended)} isLive />}
    </div>
  );
}

/** Why there is no page to pay on. */
function endedText(status: Status): string {
  return status === 'paid' || status === 'processing' ? texts.credits.boughtAlready : texts.credits.pageGone;
}
