import { type ReactElement, useState } from 'react';
import { useAuth } from 'react-oidc-context';
import { CheckoutReturn } from '../../billing/checkout-return.tsx';
import { type Catalogue, useCatalogue } from '../../catalogue/use-catalogue.ts';
import { Choices } from '../../components/field.tsx';
import { PageHead } from '../../components/frame.tsx';
import { Notice } from '../../components/notice.tsx';
import { Loaded } from '../../components/section.tsx';
import { texts } from '../../texts/texts.ts';
import { Comparison } from './comparison.tsx';
import { type Interval, PlanOffer } from './plan-offer.tsx';
import './plans.css';

const HEIGHT = 420;

/** What is sold. It works signed out, too. */
export function PlansPage(): ReactElement {
  const catalogue = useCatalogue();
  const { isAuthenticated } = useAuth();
  return (
    <>
      <PageHead title={texts.plans.title} lead={texts.plans.lead} />
      {isAuthenticated && <CheckoutReturn />}
      <Loaded query={catalogue} height={HEIGHT}>
        {(data) => <Offers catalogue={data} />}
      </Loaded>
    </>
  );
}

function Offers({ catalogue }: { catalogue: Catalogue }): ReactElement {
  const [interval, setInterval] = useState<Interval>('month');
  const [said, setSaid] = useState<string | null>(null);
  const has = (one: Interval): boolean => catalogue.plans.some(({ prices }) => prices[one] !== undefined);
  const shown = has(interval) ? interval : 'year';
  return (
    <div className="stack plans">
      {has('month') && has('year') && (
        <Choices
          label={texts.plans.interval}
          value={interval}
          onChange={setInterval}
          options={[
            ['month', texts.plans.month],
            ['year', texts.plans.year],
          ]}
        />
      )}
      {said !== null && <Notice tone="good" title={said} isLive />}
      <ul className="offers">
        {catalogue.plans.map((plan) => (
          <PlanOffer key={plan.id} plan={plan} catalogue={catalogue} interval={shown} onChanged={setSaid} />
        ))}
      </ul>
      <Comparison catalogue={catalogue} />
    </div>
  );
}
