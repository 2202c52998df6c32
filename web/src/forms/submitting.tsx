import type { ReactElement } from 'react';
import { FailureNotice } from '../components/failure-text.tsx';
import { format } from '../format/reader.ts';
import { texts } from '../texts/texts.ts';
import type { Submission } from './use-submission.ts';

/** How a submission goes: what it waits for, or why it failed. */
export function Submitting({ submission }: { submission: Submission<never> }): ReactElement {
  const { waiting, failure } = submission;
  return (
    <>
      {/* Always there, so that what comes into it is read out. */}
      <p className="soft small" role="status">
        {waiting !== null && waitingText(waiting)}
      </p>
      {failure !== null && <FailureNotice failure={failure} />}
    </>
  );
}

function waitingText({ seconds, failure }: { seconds: number; failure: { kind: string } }): string {
  const left = format.count(seconds);
  return failure.kind === 'unreachable' ? texts.states.unreachable(left) : texts.states.waiting(left);
}
