import type { ReactElement } from 'react';
import { useAccount, useCredits, useForecast } from '../../api/reads.ts';
import { CheckoutReturn } from '../../billing/checkout-return.tsx';
import { useCatalogue } from '../../catalogue/use-catalogue.ts';
import { PageHead } from '../../components/frame.tsx';
import { Loaded, Section } from '../../components/section.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';
import { CreditKinds } from './credit-kinds.tsx';
import { Forecast } from './forecast.tsx';
import { History } from './history.tsx';
import { Ledger } from './ledger.tsx';
import { Levels, Meters } from './meters.tsx';
import { PlanCard } from './plan-card.tsx';
import { WorstNotice } from './worst-notice.tsx';

const OPENING_HEIGHT = 480;
const METERS_HEIGHT = 260;
const SMALL_HEIGHT = 140;

export function UsagePage(): ReactElement {
  const account = useAccount();
  const forecast = useForecast();
  const credits = useCredits();
  const words = useCatalogue();
  const catalogue = words.data;
  // All of it comes at once, so that nothing moves; what fails shows by itself.
  const isOpening = [account, forecast, credits, words].some(
    ({ isPending, failureCount }) => isPending && failureCount === 0,
  );
  const resets = account.data === undefined ? undefined : format.instant(account.data.period.endsAt);
  const hasLevels = catalogue !== undefined && catalogue.levels.length > 0;
  return (
    <>
      <PageHead
        title={texts.usage.title}
        lead={resets === undefined ? texts.states.loading : texts.usage.resets(resets)}
      />
      <CheckoutReturn />
      {isOpening && <div className="skeleton" style={{ height: OPENING_HEIGHT }} />}
      <div className="sections" hidden={isOpening}>
        {account.data !== undefined && <WorstNotice account={account.data} />}
        <div className="columns">
          <div>
            <Section title={texts.usage.meters}>
              <Loaded query={account} height={METERS_HEIGHT}>
                {(data) => <Meters account={data} />}
              </Loaded>
            </Section>
            {hasLevels && (
              <Section title={texts.usage.levels}>
                <Loaded query={account} height={SMALL_HEIGHT}>
                  {(data) => <Levels account={data} />}
                </Loaded>
              </Section>
            )}
            <Section title={texts.usage.forecast}>
              <Loaded query={forecast} height={SMALL_HEIGHT}>
                {(data) => (
                  <Forecast forecast={data} account={account.data} readAt={forecast.dataUpdatedAt} />
                )}
              </Loaded>
            </Section>
          </div>
          <div>
            <PlanCard />
            {catalogue?.credit !== null && (
              <Section title={texts.usage.credits}>
                <Loaded query={credits} height={SMALL_HEIGHT}>
                  {(data) => <CreditKinds credits={data} withheld={account.data?.credits.withheld ?? 0} />}
                </Loaded>
              </Section>
            )}
          </div>
        </div>
        <History />
        {catalogue?.credit !== null && <Ledger />}
      </div>
    </>
  );
}
