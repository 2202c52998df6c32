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
}

/**
 * Sends once per form. What waiting can mend it sends again, the same and under the same key.
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
  const isSending = useRef(false);
  const isGone = useRef(false);
  useEffect(() => {
    isGone.current = false;
    return () => {
      isGone.current = true;
    };
  }, []);

  const wait = async (seconds: number, why: Failure): Promise<void> => {
    for (let left = seconds; left > 0 && !isGone.current; left -= 1) {
      setWaiting({ seconds: left, failure: why });
      await new Promise((resolve) => setTimeout(resolve, SECOND_MS));
    }
    setWaiting(null);
  };

  const sendUntilAnswered = async (input: Input): Promise<Output> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await send(input);
      } catch (error) {
        const found = failureIn(error);
        const seconds = tries < MOST_TRIES ? secondsToWait(found, tries) : null;
        if (seconds === null || isGone.current) {
          throw error;
        }
        await wait(Math.ceil(seconds), found);
      }
    }
  };

  const submit = async (input: Input): Promise<void> => {
    if (isSending.current) {
      return;
    }
    isSending.current = true;
    setBusy(true);
    setFailure(null);
    try {
      const output = await sendUntilAnswered(input);
      onDone(output, input);
    } catch (error) {
      const found = failureIn(error);
      setFailure(found);
      onFailure?.(found, input, (next) => void submit(next));
    } finally {
      isSending.current = false;
      setBusy(false);
    }
  };

  return {
    isBusy,
    waiting,
    failure,
    submit: (input) => void submit(input),
    reset: () => setFailure(null),
  };
}
