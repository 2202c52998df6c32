import type { ReactElement, ReactNode } from 'react';
import { useAuth } from 'react-oidc-context';
import { useAccount, useBilling } from '../../api/reads.ts';
import { ChangePlan } from '../../billing/change-plan.tsx';
import { isSubscribed } from '../../billing/is-subscribed.ts';
import { Subscribe } from '../../billing/subscribe.tsx';
import type { Catalogue, CataloguePlan } from '../../catalogue/use-catalogue.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { Icon } from '../../components/icon.tsx';
import { format } from '../../format/reader.ts';
import { presentPlace } from '../../session/places.ts';
import { texts } from '../../texts/texts.ts';
import { planLines } from './plan-lines.ts';

export type Interval = 'month' | 'year';

interface PlanOfferProps {
  plan: CataloguePlan;
  catalogue: Catalogue;
  interval: Interval;
  onChanged: (text: string) => void;
}

/** A plan with its price, what it gives, and the one thing that its reader can do about it. */
export function PlanOffer({ plan, catalogue, interval, onChanged }: PlanOfferProps): ReactElement {
  const { isAuthenticated } = useAuth();
  const words = useWords();
  return (
    <li className="card offer">
      <h2>{plan.title}</h2>
      <OfferPrice plan={plan} interval={interval} trialDays={catalogue.trialDays} />
      <ul className="ticks">
        {planLines(plan, catalogue, words).map((line) => (
          <li key={line}>
            <Icon name="done" />
            <span>{line}</span>
          </li>
        ))}
      </ul>
      {isAuthenticated ? (
        <OwnAction plan={plan} catalogue={catalogue} interval={interval} onChanged={onChanged} />
      ) : (
        <SignInFirst isFree={Object.keys(plan.prices).length === 0} />
      )}
    </li>
  );
}

interface OfferPriceProps {
  plan: CataloguePlan;
  interval: Interval;
  trialDays: number;
}

function OfferPrice({ plan, interval, trialDays }: OfferPriceProps): ReactElement {
  const price = plan.prices[interval];
  if (price === undefined) {
    const other = plan.prices[interval === 'month' ? 'year' : 'month'];
    return (
      <p className="offer-price">
        {other === undefined ? (
          <strong>{texts.plans.free}</strong>
        ) : (
          <>
            <strong>{format.money(other)}</strong>{' '}
            <span className="soft">
              {interval === 'month' ? texts.plans.perYear : texts.plans.perMonth}.{' '}
              {interval === 'month' ? texts.plans.onlyYearly : texts.plans.onlyMonthly}
            </span>
          </>
        )}
      </p>
    );
  }
  const saved = interval === 'year' ? savedBy(plan) : 0;
  return (
    <div>
      <p className="offer-price">
        <strong>{format.money(price)}</strong>{' '}
        <span className="soft">{interval === 'month' ? texts.plans.perMonth : texts.plans.perYear}</span>
      </p>
      {saved > 0 && (
        <p className="small">{texts.plans.saves(format.money({ ...price, amountCents: saved }))}</p>
      )}
      {trialDays > 0 && <p className="small">{texts.plans.trial(format.count(trialDays))}</p>}
    </div>
  );
}

const MONTHS = 12;

/** What a year costs less than twelve months, in cents. */
function savedBy({ prices: { month, year } }: CataloguePlan): number {
  return month === undefined || year === undefined ? 0 : MONTHS * month.amountCents - year.amountCents;
}

function SignInFirst({ isFree }: { isFree: boolean }): ReactElement {
  const auth = useAuth();
  return (
    <button
      type="button"
      className={isFree ? 'button' : 'button button-primary'}
      onClick={() => void auth.signinRedirect({ state: presentPlace() })}
    >
      {isFree ? texts.shell.signIn : texts.plans.signInFirst}
    </button>
  );
}

/** By the interval in which the plan is sold, if it is only in the other one. */
function OwnAction({ plan, catalogue, interval, onChanged }: PlanOfferProps): ReactNode {
  const account = useAccount();
  const billing = useBilling();
  if (account.data === undefined) {
    return <div className="skeleton" style={{ height: 44 }} />;
  }
  const hasPlan = isSubscribed(account.data);
  const sold = plan.prices[interval] === undefined ? (interval === 'month' ? 'year' : 'month') : interval;
  const isCurrent = plan.id === account.data.plan && (!hasPlan || (billing.data?.interval ?? sold) === sold);
  if (isCurrent) {
    return (
      <p className="row">
        <span className="tag tag-accent">
          <Icon name="done" />
          {texts.plans.current}
        </span>
      </p>
    );
  }
  if (plan.prices[sold] === undefined) {
    return null;
  }
  return hasPlan ? (
    <ChangePlan
      plan={plan}
      catalogue={catalogue}
      interval={sold}
      account={account.data}
      onChanged={onChanged}
    />
  ) : (
    <Subscribe plan={plan} interval={sold} />
  );
}
