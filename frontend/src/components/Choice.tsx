// One choice out of a few, all in sight: a radio group drawn as joined buttons.

import type { ReactNode } from 'react';
import { useId } from 'react';
import styles from './Choice.module.css';

interface ChoiceProps<Value extends string> {
  /** What is chosen, for those who hear; drawn only with `labelled`. */
  readonly label: string;
  readonly labelled?: boolean;
  readonly value: Value;
  readonly options: readonly {
    readonly value: NoInfer<Value>;
    readonly text: ReactNode;
    readonly title?: string;
  }[];
  onChange(value: NoInfer<Value>): void;
}

export function Choice<Value extends string>({
  label,
  labelled = false,
  value,
  options,
  onChange,
}: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset className={styles['choice']}>
      <legend className={labelled ? styles['label'] : 'only-heard'}>{label}</legend>
      <span className={styles['options']}>
        {options.map((option) => (
          <label key={option.value} className={styles['option']} title={option.title}>
            <input
              type="radio"
              className={styles['input']}
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span className={styles['text']}>{option.text}</span>
          </label>
        ))}
      </span>
    </fieldset>
  );
}
