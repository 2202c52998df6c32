import { type ReactElement, useState } from 'react';
import type { Schemas } from '../api/client.ts';
import type { Catalogue, CataloguePlan } from '../catalogue/use-catalogue.ts';
import { texts } from '../texts/texts.ts';
import { ChangePlanDialog } from './change-plan-dialog.tsx';

export interface ChangePlanProps {
  plan: CataloguePlan;
  catalogue: Catalogue;
  interval: 'month' | 'year';
  account: Schemas['Account'];
}

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
