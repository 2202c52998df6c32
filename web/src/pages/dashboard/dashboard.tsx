import type { ReactElement } from 'react';
import { PageHead } from '../../components/frame.tsx';
import { texts } from '../../texts/texts.ts';

export function Dashboard(): ReactElement {
  return <PageHead title={texts.shell.dashboard} />;
}
