import { useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { OWN } from '../api/reads.ts';
import { usePage } from '../page-context.ts';
import { texts } from '../texts/texts.ts';
import { askBank } from './stripe-js.ts';

/** Goes on with a payment that waits for the holder of the card. */
export function FinishAtBank({ clientSecret }: { clientSecret: string }): ReactElement {
  const { config } = usePage();
  const queries = useQueryClient();
  const [state, setState] = useState<'idle' | 'asking' | 'not possible'>('idle');
  const ask = async (): Promise<void> => {
    setState('asking');
    const outcome = await askBank(config, clientSecret).catch(() => 'not possible' as const);
    setState(outcome === 'answered' ? 'idle' : 'not possible');
    await queries.invalidateQueries({ queryKey: OWN });
  };
  return (
    <div className="stack-tight">
      <div>
        <button
          type="button"
          className="button button-primary button-small"
          aria-disabled={state === 'asking'}
          onClick={() => (state === 'asking' ? undefined : void ask())}
        >
          {texts.plan.finish}
        </button>
      </div>
      <p className="small" role="status">
        {state === 'asking' && texts.letters.bank}
        {state === 'not possible' && texts.letters.bankMissing}
      </p>
    </div>
  );
}
