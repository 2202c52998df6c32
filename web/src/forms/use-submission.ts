import { useEffect, useRef, useState } from 'react';
import { type Failure, failureIn, secondsToWait } from '../api/failure.ts';

const MOST_TRIES = 8;
const SECOND_MS = 1_000;

/** A request that somebody makes by a form or a button. */
export interface Submission<Input> {
  /** From the click to the answer, whatever time it takes. A second click does nothing. */
  isBusy: boolean;
  /** While it waits to try again: until when, and why. */
  waiting: { seconds: number; failure: Failure } | null;
  failure: Failure | null;
  submit: (input: Input) => void;
  /** Forgets the failure, such as when somebody mends what was wrong. */
  reset: () => void;
  /** Tries no more, and goes on by `then`. While a request is under way it does nothing: nobody can take that back. */
  leave: (then: () => void) => void;
}

/** What is sent, from the click to the answer. */
interface Sending {
  isWaiting: boolean;
  stopping: AbortController;
}

/**
 * Sends once per form. What waiting can mend it sends again, the same and under the same key, as long as its form is there.
 *
 * @param send carries the key of the form, where what it makes must not be made twice
 * @param onFailure may go on later, by sending again
 */
export function useSubmission<Input, Output>(
  send: (input: Input) => Promise<Output>,
  onDone: (output: Output, input: Input) => void,
  onFailure?: (failure: Failure, input: Input, again: (input: Input) => void) => void,
): Submission<Input> {
  const [isBusy, setBusy] = useState(false);
  const [waiting, setWaiting] = useState<Submission<Input>['waiting']>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  // Before the next rendering, too: two clicks may come within one.
  const sending = useRef<Sending | null>(null);
  useEffect(() => () => sending.current?.stopping.abort(), []);

  const wait = async (seconds: number, why: Failure, now: Sending): Promise<void> => {
    now.isWaiting = true;
    for (let left = seconds; left > 0 && !now.stopping.signal.aborted; left -= 1) {
      setWaiting({ seconds: left, failure: why });
      await pause(now.stopping.signal);
    }
    now.isWaiting = false;
    setWaiting(null);
  };

  /** Null: it was stopped before there was an answer. */
  const sendUntilAnswered = async (input: Input, now: Sending): Promise<{ output: Output } | null> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return { output: await send(input) };
      } catch (error) {
        const found = failureIn(error);
        const seconds = tries < MOST_TRIES ? secondsToWait(found, tries) : null;
        if (seconds === null) {
          throw error;
        }
        await wait(Math.ceil(seconds), found, now);
        if (now.stopping.signal.aborted) {
          return null;
        }
      }
    }
  };

  const submit = async (input: Input): Promise<void> => {
    if (sending.current !== null) {
      return;
    }
    const now = { isWaiting: false, stopping: new AbortController() };
    sending.current = now;
    setBusy(true);
    setFailure(null);
    try {
      const answer = await sendUntilAnswered(input, now);
      if (answer !== null) {
        onDone(answer.output, input);
      }
    } catch (error) {
      const found = failureIn(error);
      setFailure(found);
      onFailure?.(found, input, (next) => void submit(next));
    } finally {
      sending.current = null;
      setBusy(false);
    }
  };

  return {
    isBusy,
    waiting,
    failure,
    submit: (input) => void submit(input),
    reset: () => setFailure(null),
    leave: (then) => {
      if (sending.current === null || sending.current.isWaiting) {
        sending.current?.stopping.abort();
        then();
      }
    },
  };
}

/** A second, or less when it is stopped. */
function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, SECOND_MS);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
