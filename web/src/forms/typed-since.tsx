import type { ReactElement } from 'react';
import { Notice } from '../components/notice.tsx';
import { texts } from '../texts/texts.ts';

/** What was sent is done, and the form shows what somebody has typed since. */
export function TypedSince(): ReactElement {
  return <Notice tone="info" title={texts.states.typedSince} isLive />;
}
