// The messages of the moment, at the lower edge. Heard politely, failures at once; each can be put away.

import { useDashboard, useReadable } from '../state/react.ts';
import { IconButton } from './Button.tsx';
import styles from './Toasts.module.css';

export function Toasts() {
  const { toasts } = useDashboard();
  const shown = useReadable(toasts.shown);
  return (
    <div className={styles['toasts']} aria-live="polite" role="log" aria-label="Messages">
      {shown.map(({ id, tone, title, text }) => (
        <div key={id} className={styles['toast']} data-tone={tone}>
          <div>
            <strong>{title}</strong>
            {text !== '' && <p className={styles['text']}>{text}</p>}
          </div>
          <IconButton icon="close" label="Put this message away" onClick={() => toasts.dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
