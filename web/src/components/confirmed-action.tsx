import { useQueryClient } from '@tanstack/react-query';
import { type ReactElement, type ReactNode, useState } from 'react';
import { isDecided } from '../api/failure.ts';
import { OWN } from '../api/reads.ts';
import { Submitting } from '../forms/submitting.tsx';
import { useSubmission } from '../forms/use-submission.ts';
import { Dialog } from './dialog.tsx';
import { BusyButton } from './busy-button.tsx';

interface ConfirmedActionProps {
  button: string;
  /** Whether there is still something to take. Who has begun meanwhile reads why not. */
  isOffered?: boolean;
  className: string;
  title: string;
  children: ReactNode;
  confirm: string;
  keep: string;
  send: (key: string) => Promise<unknown>;
}

/** Takes something from its user that they have, once they have read what that means. */
export function ConfirmedAction(props: ConfirmedActionProps): ReactElement {
  const { button, isOffered = true, className, title, children, confirm, keep, send } = props;
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [key, setKey] = useState(() => crypto.randomUUID());
  const readAgain = (): void => void queries.invalidateQueries({ queryKey: OWN });
  const submission = useSubmission(
    () => send(key),
    () => {
      setKey(crypto.randomUUID());
      setOpen(false);
      readAgain();
    },
    (failure) => {
      // A refusal tells that what is on the page is older than the account.
      readAgain();
      if (isDecided(failure)) {
        setKey(crypto.randomUUID());
      }
    },
  );
  const { isBusy, waiting, leave } = submission;
  const close = (): void =>
    leave(() => {
      setOpen(false);
      if (waiting !== null) {
        // An earlier try may have got through.
        readAgain();
      }
    });
  return (
    <>
      {isOffered && (
        <button type="button" className={className} onClick={() => setOpen(true)}>
          {button}
        </button>
      )}
      <Dialog
        isOpen={isOpen}
        title={title}
        onClose={close}
        actions={
          <>
            <button
              type="button"
              className="button"
              aria-disabled={isBusy && waiting === null}
              onClick={close}
            >
              {keep}
            </button>
            <BusyButton
              label={confirm}
              isBusy={isBusy}
              className="button button-danger"
              onPress={() => submission.submit(null)}
            />
          </>
        }
      >
        {children}
        <Submitting submission={submission} />
      </Dialog>
    </>
  );
}
