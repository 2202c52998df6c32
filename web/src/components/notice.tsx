import type { ReactElement, ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

type Tone = 'info' | 'good' | 'warn' | 'bad';

const ICONS: Record<Tone, IconName> = { info: 'info', good: 'done', warn: 'warning', bad: 'stop' };

interface NoticeProps {
  tone: Tone;
  title: ReactNode;
  children?: ReactNode;
  /** Whether it comes up while somebody looks at the page, so that it has to be read out. */
  isLive?: boolean;
}

export function Notice({ tone, title, children, isLive = false }: NoticeProps): ReactElement {
  return (
    <div
      className={`notice notice-${tone}`}
      role={isLive ? (tone === 'bad' ? 'alert' : 'status') : undefined}
    >
      <Icon name={ICONS[tone]} />
      <div>
        <strong className="wrap">{title}</strong>
        {children}
      </div>
    </div>
  );
}
