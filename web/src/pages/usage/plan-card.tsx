import type { ReactElement, ReactNode } from 'react';
import { Link } from 'wouter';
import type { Schemas } from '../../api/schemas.ts';
import { useAccount, useBilling } from '../../api/reads.ts';
import { CancelButton } from '../../billing/cancel-button.tsx';
import { ChangeButton } from '../../billing/change-button.tsx';
import { FinishAtBank } from '../../billing/finish-at-bank.tsx';
import { isSubscribed } from '../../billing/is-subscribed.ts';
import { useCatalogue } from '../../catalogue/use-catalogue.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { Notice } from '../../components/notice.tsx';
import { PortalButton } from '../../components/portal-button.tsx';
import { Loaded, Section } from '../../components/section.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';

type Account = Schemas['Account'];
type Billing = Schemas['Billing'];

const HEIGHT = 160;
const ACTIONS_HEIGHT = 72;
const TONES = { none: '', trialing: 'tag-accent', active: 'tag-good', past_due: 'tag-bad', canceled: '' };

/** The plan, what is scheduled, and what can be done about it. */
export function PlanCard(): ReactElement {
  const account = useAccount();
  const billing = useBilling();
  return (
    <Section title={texts.plan.title}>
      <Loaded query={account} height={HEIGHT}>
        {(data) => (
          <>
            <PlanFacts account={data} interval={billing.data?.interval ?? null} />
            <Loaded query={billing} height={ACTIONS_HEIGHT}>
              {(known) => <PlanActions account={data} billing={known} />}
            </Loaded>
          </>
        )}
      </Loaded>
    </Section>
  );
}

interface PlanFactsProps {
  account: Account;
  interval: Billing['interval'];
}

function PlanFacts({ account, interval }: PlanFactsProps): ReactElement {
  const { plan, status, period, features, trialEndsAt, endsAt } = account;
  const { data: catalogue } = useCatalogue();
  const words = useWords();
  const price = catalogue?.plans.find(({ id }) => id === plan)?.prices[interval ?? ''];
  const names = features.map((id) => catalogue?.features.find((one) => one.id === id)?.title ?? id);
  return (
    <div className="stack-tight">
      <p className="row">
        <strong className="plan-name">{words.planName(plan)}</strong>
        {status !== 'none' && <span className={`tag ${TONES[status]}`}>{texts.plan.status[status]}</span>}
      </p>
      {price !== undefined && (
        <p>
          {format.money(price)} {interval === 'year' ? texts.plans.perYear : texts.plans.perMonth}
        </p>
      )}
      <p className="soft">{texts.plan.period(format.period(period.startsAt, period.endsAt))}</p>
      {trialEndsAt !== undefined && <p>{texts.plan.trialEnds(format.instant(trialEndsAt))}</p>}
      {endsAt !== undefined && <p>{texts.plan.ends(format.instant(endsAt))}</p>}
      {names.length > 0 && (
        <p className="soft">
          {texts.plan.features} {names.join(', ')}
        </p>
      )}
    </div>
  );
}

interface PlanActionsProps {
  account: Account;
  billing: Billing;
}

function PlanActions({ account, billing }: PlanActionsProps): ReactElement {
  const words = useWords();
  const { scheduled, waiting, isCustomer } = billing;
  return (
    <div className="stack">
      <NoPlan account={account} billing={billing} />
      {waiting !== null && (
        <div className="stack-tight">
          <p>{texts.plan.waiting(format.instant(waiting.expiresAt))}</p>
          {waiting.clientSecret !== null && <FinishAtBank clientSecret={waiting.clientSecret} />}
          <ChangeButton change="take plan back" label={texts.plan.takeBack} />
        </div>
      )}
      {scheduled !== null && (
        <div className="row">
          <p>
            {texts.plan.scheduled(
              scheduled.plan === null ? texts.plan.another : words.planName(scheduled.plan),
              format.instant(scheduled.at),
            )}
          </p>
          <ChangeButton change="take plan back" label={texts.plan.takeBack} />
        </div>
      )}
      <div className="row">
        <SubscriptionAction account={account} billing={billing} />
        {isCustomer && <PortalButton label={texts.plan.portal} />}
      </div>
    </div>
  );
}

/** What is wrong with a subscription that is there, and gives no plan. */
function NoPlan({ account, billing: { isStalled, isUnpaid } }: PlanActionsProps): ReactNode {
  return isStalled || (isUnpaid && !isSubscribed(account)) ? (
    <Notice tone="bad" title={texts.plan.noPlan}>
      <p>{isUnpaid ? texts.plan.unpaidHelp : texts.plan.pausedHelp}</p>
    </Notice>
  ) : null;
}

function SubscriptionAction({ account, billing }: PlanActionsProps): ReactElement {
  const hasPlan = isSubscribed(account);
  if (!hasPlan && billing.periodEndsAt === null) {
    return (
      <Link className="button button-primary" href="/plans">
        {texts.plan.choose}
      </Link>
    );
  }
  if (billing.endsAt !== null && !billing.isStalled) {
    return <ChangeButton change="keep" label={texts.plan.keep} />;
  }
  return (
    <>
      {hasPlan && (
        <Link className="button button-small" href="/plans">
          {texts.plan.change}
        </Link>
      )}
      <CancelButton account={account} billing={billing} />
    </>
  );
}
