import type { ReactElement, ReactNode } from 'react';
import { Link } from 'wouter';
import { Icon } from '../../components/icon.tsx';
import { UsageBar } from '../../components/usage-bar.tsx';
import { texts } from '../../texts/texts.ts';
import type { UsageLine } from './usage-lines.ts';
import './usage.css';

interface UsageRowProps {
  name: string;
  line: UsageLine;
  /** The smallest plan that has it, where the user's has not. */
  planWithIt: string | null;
  /** When and how room comes back. */
  help: string;
  children?: ReactNode;
}

/** One meter or level: its words first, and then its bar. */
export function UsageRow({ name, line, planWithIt, help, children }: UsageRowProps): ReactElement {
  return (
    <li className="usage-row">
      <div className="row-apart">
        <h3>{name}</h3>
        {line.kind === 'limited' && <LevelTag level={line.level} />}
        {line.kind === 'not in plan' && (
          <span className="tag">
            <Icon name="lock" />
            {texts.usage.notInPlan}
          </span>
        )}
      </div>
      {line.kind === 'not in plan' ? (
        planWithIt !== null && (
          <p>
            <Link href="/plans">{texts.usage.notInPlanWith(planWithIt)}</Link>
          </p>
        )
      ) : (
        <p className="row-apart">
          <span>{line.says}</span>
          {line.kind === 'limited' && <span className="soft">{line.left}</span>}
        </p>
      )}
      {line.kind === 'limited' && (
        <UsageBar label={name} used={line.used} limit={line.limit} says={`${line.says}, ${line.left}`} />
      )}
      {line.kind === 'limited' && line.level === 'full' && <p className="small">{help}</p>}
      {children}
    </li>
  );
}

function LevelTag({ level }: { level: 'fine' | 'near' | 'full' }): ReactNode {
  switch (level) {
    case 'fine':
      return null;
    case 'near':
      return (
        <span className="tag tag-warn">
          <Icon name="warning" />
          {texts.usage.approaching}
        </span>
      );
    case 'full':
      return (
        <span className="tag tag-bad">
          <Icon name="stop" />
          {texts.usage.reached}
        </span>
      );
  }
}
