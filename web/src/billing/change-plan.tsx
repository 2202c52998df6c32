import { type ReactElement, useState } from 'react';
import { texts } from '../texts/texts.ts';
import type { ChangePlanProps } from './change-plan-props.ts';
import { ChangePlanDialog } from './change-plan-dialog.tsx';

/** Another plan, in place of the present one. */
export function ChangePlan(props: ChangePlanProps): ReactElement {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="button button-primary" onClick={() => setOpen(true)}>
        {texts.plans.change(props.plan.title)}
      </button>
      {isOpen && <ChangePlanDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}
