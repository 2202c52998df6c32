import { Dialog as Base } from '@base-ui/react/dialog';
import type { ReactElement, ReactNode } from 'react';

interface DialogProps {
  isOpen: boolean;
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** The last one is what happens by default. */
  actions: ReactNode;
}

/** Keeps the focus inside, closes by Escape, and gives the focus back. */
export function Dialog({ isOpen, title, onClose, children, actions }: DialogProps): ReactElement {
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => (open ? undefined : onClose())}>
      <Base.Portal>
        <Base.Backdrop className="dialog-back" />
        <Base.Popup className="dialog">
          <Base.Title>{title}</Base.Title>
          {children}
          <div className="dialog-actions">{actions}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
