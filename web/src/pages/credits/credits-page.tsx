import type { ReactElement } from 'react';
import { PageHead } from '../../components/frame.tsx';
import { texts } from '../../texts/texts.ts';

export function CreditsPage(): ReactElement {
  return <PageHead title={texts.credits.title} />;
}
