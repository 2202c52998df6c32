import { Meter } from '@base-ui/react/meter';
import type { ReactElement } from 'react';
import './bar.css';
import { levelOf } from './levels.ts';

interface UsageBarProps {
  label: string;
  used: number;
  limit: number;
  /** The whole sentence, for readers of the screen aloud. */
  says: string;
}

/** A bar that is filled by what is used. Above its limit it is full; the words beside it tell the rest. */
export function UsageBar({ label, used, limit, says }: UsageBarProps): ReactElement {
  const share = limit === 0 ? 0 : Math.min(used / limit, 1);
  return (
    <Meter.Root
      value={Math.min(used, limit)}
      max={Math.max(limit, 1)}
      aria-label={label}
      aria-valuetext={says}
    >
      <Meter.Track className="bar" data-level={levelOf(used, limit)}>
        <div className="bar-fill" style={{ width: `${share * 100}%` }} />
        <div className="bar-tick" />
      </Meter.Track>
    </Meter.Root>
  );
}
