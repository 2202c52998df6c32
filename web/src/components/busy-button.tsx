import type { ReactElement } from 'react';
import { texts } from '../texts/texts.ts';

interface BusyButtonProps {
  label: string;
  isBusy: boolean;
  busyLabel?: string;
  className?: string;
  /** Without it, the button sends its form. */
  onPress?: () => void;
}

/** Keeps the focus while its request is under way, and does nothing until then. */
export function BusyButton(props: BusyButtonProps): ReactElement {
  const { label, isBusy, busyLabel = texts.states.sending, className = 'button', onPress } = props;
  return (
    <button
      type={onPress === undefined ? 'submit' : 'button'}
      className={className}
      aria-disabled={isBusy}
      onClick={() => (isBusy ? undefined : onPress?.())}
    >
      {isBusy ? busyLabel : label}
    </button>
  );
}
