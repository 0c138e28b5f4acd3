// The state of something in one word: a dot and a colour beside it, the word tells it all.

import styles from './State.module.css';

export type Tone = 'good' | 'wait' | 'bad' | 'plain';

export function State({ tone, text }: { readonly tone: Tone; readonly text: string }) {
  return (
    <span className={styles['state']} data-tone={tone}>
      {text}
    </span>
  );
}
