import { type ReactElement, useState } from 'react';
import { answerOf } from '../../api/client.ts';
import { rememberCheckout } from '../../billing/begun-checkout.ts';
import type { Catalogue } from '../../catalogue/use-catalogue.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { format } from '../../format/reader.ts';
import { Submitting } from '../../forms/submitting.tsx';
import { useSubmission } from '../../forms/use-submission.ts';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';
import './credits.css';
import { BusyButton } from '../../components/busy-button.tsx';

type Bundle = NonNullable<Catalogue['credit']>['bundles'][number];

/** Each with its price, and what one credit of it costs. Paying is on Stripe's page. */
export function Bundles({ bundles }: { bundles: readonly Bundle[] }): ReactElement {
  const { api } = usePage();
  const { credit } = useWords();
  const [key] = useState(() => crypto.randomUUID());
  const submission = useSubmission(
    (bundle: number) =>
      answerOf(
        api.letters.POST('/credits/purchases', {
          params: { header: { 'Idempotency-Key': `${key}-${bundle}` } },
          body: { bundle },
        }),
      ),
    ({ id, checkoutUrl }) => {
      if (checkoutUrl !== null) {
        rememberCheckout({ kind: 'bundle', purchaseId: id });
        window.location.assign(checkoutUrl);
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
              onPress={() => submission.submit(credits)}
            />
          </li>
        ))}
      </ul>
      <Submitting submission={submission} />
    </div>
  );
}
