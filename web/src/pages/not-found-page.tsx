import type { ReactElement } from 'react';
import { Link } from 'wouter';
import { PageHead } from '../components/frame.tsx';
import { texts } from '../texts/texts.ts';

export function NotFoundPage(): ReactElement {
  return (
    <>
      <PageHead title={texts.shell.notFound} lead={texts.shell.notFoundHelp} />
      <div>
        <Link className="button button-primary" href="/">
          {texts.shell.toUsage}
        </Link>
      </div>
    </>
  );
}
