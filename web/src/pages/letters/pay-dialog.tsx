import type { ReactElement } from 'react';
import { useLocation } from 'wouter';
import { Dialog } from '../../components/dialog.tsx';
import type { Price } from '../../format/format.ts';
import { format } from '../../format/reader.ts';
import { Submitting } from '../../forms/submitting.tsx';
import type { Submission } from '../../forms/use-submission.ts';
import { texts } from '../../texts/texts.ts';
import { BusyButton } from '../../components/busy-button.tsx';

interface PayDialogProps {
  price: Price;
  submission: Submission<{ payAsYouGo: boolean }>;
  onPay: () => void;
  onClose: () => void;
}

/** Names the price, and charges only when its reader says so. */
export function PayDialog({ price, submission, onPay, onClose }: PayDialogProps): ReactElement {
  const [, go] = useLocation();
  const { isBusy, waiting, leave } = submission;
  const isUnderWay = isBusy && waiting === null;
  const sum = format.money(price);
  return (
    <Dialog
      isOpen
      title={texts.letters.payTitle}
      onClose={onClose}
      actions={
        <>
          <button type="button" className="button button-quiet" aria-disabled={isUnderWay} onClick={onClose}>
            {texts.letters.notNow}
          </button>
          <button
            type="button"
            className="button"
            aria-disabled={isUnderWay}
            onClick={() => leave(() => go('/credits'))}
          >
            {texts.letters.buyBundle}
          </button>
          <BusyButton
            label={texts.letters.pay(sum)}
            isBusy={isBusy}
            className="button button-primary"
            onPress={onPay}
          />
        </>
      }
    >
      <p>{texts.letters.payHelp(sum)}</p>
      {waiting !== null && <Submitting submission={submission} />}
    </Dialog>
  );
}
