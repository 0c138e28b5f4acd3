// A button and the small panel that it opens: the browser's own popover, closed by Escape or a press elsewhere.

import type { ReactNode } from 'react';
import { useId, useLayoutEffect, useRef, useState } from 'react';
import buttonStyles from './Button.module.css';
import styles from './Popover.module.css';

interface PopoverProps {
  /** What the button shows. */
  readonly button: ReactNode;
  /** What the button opens: the panel's name, and the button's where it has no words. */
  readonly label: string;
  /** The button's own words are its name. */
  readonly worded?: boolean;
  readonly look?: 'plain' | 'quiet' | 'icon';
  /** Drawn only while it is open; `close` puts the panel away. */
  children(close: () => void): ReactNode;
}

export function Popover({ button, label, look = 'plain', worded = false, children }: PopoverProps) {
  const id = useId();
  const anchor = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);

  useLayoutEffect(() => {
    if (!open || anchor.current === null || panel.current === null) return;
    const from = anchor.current.getBoundingClientRect();
    const width = panel.current.offsetWidth;
    const height = panel.current.offsetHeight;
    const left = Math.max(8, Math.min(from.right - width, window.innerWidth - width - 8));
    const below = from.bottom + 6;
    const top = below + height <= window.innerHeight - 8 ? below : Math.max(8, from.top - height - 6);
    panel.current.style.left = `${left}px`;
    panel.current.style.top = `${top}px`;
  }, [open]);

  return (
    <>
      <button
        ref={anchor}
        type="button"
        className={`${buttonStyles['button']} ${buttonStyles[look] ?? ''}`}
        popoverTarget={id}
        aria-label={worded ? undefined : label}
        aria-expanded={open}
        title={label}
      >
        {button}
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        className={styles['panel']}
        role="dialog"
        aria-label={label}
        onToggle={(event) => setOpen(event.newState === 'open')}
      >
        {open && children(() => panel.current?.hidePopover())}
      </div>
    </>
  );
}
