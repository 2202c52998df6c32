import { useQueryClient } from '@tanstack/react-query';
import { type ReactElement, type ReactNode, useState } from 'react';
import { OWN } from '../api/reads.ts';
import { isDecided } from '../forms/is-decided.ts';
import { Submitting } from '../forms/submitting.tsx';
import { useSubmission } from '../forms/use-submission.ts';
import { Dialog } from './dialog.tsx';
import { BusyButton } from './busy-button.tsx';

interface ConfirmedActionProps {
  button: string;
  className: string;
  title: string;
  children: ReactNode;
  confirm: string;
  keep: string;
  send: (key: string) => Promise<unknown>;
}

/** Takes something from its user that they have, once they have read what that means. */
export function ConfirmedAction(props: ConfirmedActionProps): ReactElement {
  const { button, className, title, children, confirm, keep, send } = props;
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [key, setKey] = useState(() => crypto.randomUUID());
  const submission = useSubmission(
    () => send(key),
    () => {
      setKey(crypto.randomUUID());
      setOpen(false);
      void queries.invalidateQueries({ queryKey: OWN });
    },
    (failure) => {
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
        void queries.invalidateQueries({ queryKey: OWN });
      }
    });
  return (
    <>
      <button type="button" className={className} onClick={() => setOpen(true)}>
        {button}
      </button>
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
