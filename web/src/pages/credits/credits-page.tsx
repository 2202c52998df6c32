import type { ReactElement } from 'react';
import { useAccount, useCredits } from '../../api/reads.ts';
import { CheckoutReturn } from '../../billing/checkout-return.tsx';
import { useCatalogue } from '../../catalogue/use-catalogue.ts';
import { PageHead } from '../../components/frame.tsx';
import { Loaded, Section } from '../../components/section.tsx';
import { texts } from '../../texts/texts.ts';
import { CreditKinds } from '../usage/credit-kinds.tsx';
import { Bundles } from './bundles.tsx';
import { ClaimGift } from './claim-gift.tsx';
import { GiveGift } from './give-gift.tsx';
import { GiftTable, PurchaseTable } from './tables.tsx';

const HEIGHT = 200;

/** What is there, where it came from, and how to get more. */
export function CreditsPage(): ReactElement {
  const credits = useCredits();
  const account = useAccount();
  const { data: catalogue } = useCatalogue();
  const credit = catalogue?.credit;
  if (credit === null) {
    return <PageHead title={texts.credits.title} lead={texts.credits.noneSold} />;
  }
  return (
    <>
      <PageHead title={texts.credits.title} />
      <CheckoutReturn />
      <div className="columns columns-even">
        <div>
          <Section title={texts.credits.balance}>
            <Loaded query={credits} height={HEIGHT}>
              {(data) => <CreditKinds credits={data} withheld={account.data?.credits.withheld ?? 0} />}
            </Loaded>
          </Section>
          {credit !== undefined && credit.bundles.length > 0 && (
            <Section title={texts.credits.buy}>
              <Bundles bundles={credit.bundles} />
            </Section>
          )}
        </div>
        <div>
          {credit?.isGiftable === true && (
            <>
              <Section title={texts.credits.give}>
                <Loaded query={credits} height={HEIGHT}>
                  {({ purchased, owed }) => <GiveGift most={Math.max(purchased - owed, 0)} />}
                </Loaded>
              </Section>
              <Section title={texts.credits.claim}>
                <ClaimGift />
              </Section>
            </>
          )}
        </div>
      </div>
      {credit !== undefined && credit.bundles.length > 0 && (
        <Section title={texts.credits.purchases}>
          <PurchaseTable />
        </Section>
      )}
      {credit?.isGiftable === true && (
        <Section title={texts.credits.given}>
          <GiftTable />
        </Section>
      )}
    </>
  );
}
