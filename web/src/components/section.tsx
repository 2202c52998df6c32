import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactElement, type ReactNode, useId } from 'react';
import { failureIn } from '../api/failure.ts';
import { format } from '../format/reader.ts';
import { texts } from '../texts/texts.ts';
import { FailureText } from './failure-text.tsx';
import { Notice } from './notice.tsx';

interface SectionProps {
  title: string;
  /** Beside the title. */
  aside?: ReactNode;
  children: ReactNode;
}

/** A part of a page with its heading. */
export function Section({ title, aside, children }: SectionProps): ReactElement {
  const id = useId();
  return (
    <section className="card" aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

interface LoadedProps<Data> {
  query: UseQueryResult<Data>;
  /** In pixels, so that nothing moves when the data come. */
  height: number;
  children: (data: Data) => ReactNode;
}

/** What a query has found. It loads, fails and tries again by itself, whatever the rest of the page does. */
export function Loaded<Data>({ query, height, children }: LoadedProps<Data>): ReactElement {
  const { data, error, failureCount, fetchStatus, dataUpdatedAt } = query;
  const isRetrying = failureCount > 0 && fetchStatus === 'fetching';
  if (data !== undefined) {
    const isStale = error !== null || isRetrying;
    return (
      <>
        {isStale && (
          <p className="soft small" role="status">
            {texts.states.asOf(format.time(new Date(dataUpdatedAt)))}
          </p>
        )}
        {children(data)}
      </>
    );
  }
  if (error !== null && fetchStatus !== 'fetching') {
    return (
      <Notice tone="bad" title={texts.states.failed}>
        <FailureText failure={failureIn(error)} />
        <div>
          <button type="button" className="button button-small" onClick={() => void query.refetch()}>
            {texts.states.again}
          </button>
        </div>
      </Notice>
    );
  }
  return (
    <div role="status">
      <div className="skeleton" style={{ height }} />
      <span className={isRetrying ? 'soft small' : 'visually-hidden'}>
        {isRetrying ? texts.states.retrying : texts.states.loading}
      </span>
    </div>
  );
}
