import type { ReactElement } from 'react';
import { Link } from 'wouter';
import type { Failure } from '../api/failure.ts';
import { useExplain } from '../catalogue/use-words.ts';
import { texts } from '../texts/texts.ts';
import type { Action } from '../texts/en.ts';
import { Notice } from './notice.tsx';
import { PortalButton } from './portal-button.tsx';

/** Why something failed, and what helps. */
export function FailureText({ failure }: { failure: Failure }): ReactElement {
  const { says, helps, action } = useExplain()(failure);
  return (
    <>
      <p className="wrap">
        {says} {helps}
      </p>
      {action !== null && (
        <div>
          <ActionButton action={action} />
        </div>
      )}
    </>
  );
}

/** The same as an announcement, after something that its reader did. */
export function FailureNotice({ failure }: { failure: Failure }): ReactElement {
  const { says, helps, action } = useExplain()(failure);
  return (
    <Notice tone="bad" title={says} isLive>
      {helps !== null && <p className="wrap">{helps}</p>}
      {action !== null && (
        <div>
          <ActionButton action={action} />
        </div>
      )}
    </Notice>
  );
}

const PLACES = { plans: '/plans', credits: '/credits', usage: '/' } as const;

function ActionButton({ action }: { action: Action }): ReactElement {
  if (action.kind === 'card') {
    return <PortalButton label={texts.plan.portal} />;
  }
  return (
    <Link className="button button-small" href={PLACES[action.kind]}>
      {action.label}
    </Link>
  );
}
