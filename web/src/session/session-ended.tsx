import { type ReactElement, useState, useSyncExternalStore } from 'react';
import { Dialog } from '../components/dialog.tsx';
import { Notice } from '../components/notice.tsx';
import { usePage } from '../page-context.ts';
import { texts } from '../texts/texts.ts';

/** Asks to sign in again in a window of its own. Requests wait for it, and the page stays as it is. */
export function SessionEnded(): ReactElement {
  const { session } = usePage();
  const isOpen = useSyncExternalStore(session.subscribe, session.hasEnded);
  const [hasFailed, setFailed] = useState(false);
  const signIn = (): void => {
    setFailed(false);
    session.signInAgain().catch(() => setFailed(true));
  };
  return (
    <Dialog
      isOpen={isOpen}
      title={texts.signIn.ended}
      onClose={session.giveUp}
      actions={
        <>
          <button type="button" className="button" onClick={session.giveUp}>
            {texts.signIn.notNow}
          </button>
          <button type="button" className="button button-primary" onClick={signIn}>
            {texts.signIn.again}
          </button>
        </>
      }
    >
      <p>{texts.signIn.endedHelp}</p>
      {hasFailed && <Notice tone="bad" title={texts.signIn.blocked} isLive />}
    </Dialog>
  );
}
