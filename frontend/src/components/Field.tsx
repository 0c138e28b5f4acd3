// Form fields with their label above and what is wrong with them below.

import type { InputHTMLAttributes, ReactNode, SelectHTMLAttributes } from 'react';
import { useId } from 'react';
import styles from './Field.module.css';

interface About {
  readonly label: string;
  /** Drawn without its label, which is then only heard. */
  readonly bare?: boolean;
  readonly hint?: ReactNode;
  readonly fault?: string | null;
}

type FieldProps = About & Omit<InputHTMLAttributes<HTMLInputElement>, 'id' | 'className'>;

export function Field({ label, bare = false, hint, fault = null, ...rest }: FieldProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} bare={bare} hint={hint} fault={fault}>
      <input
        {...rest}
        id={id}
        className={styles['input']}
        aria-invalid={fault !== null}
        aria-describedby={`${id}-hint`}
      />
    </Labelled>
  );
}

type SelectProps = About &
  Omit<SelectHTMLAttributes<HTMLSelectElement>, 'id' | 'className' | 'onChange'> & {
    readonly options: readonly { readonly value: string; readonly text: string }[];
    onChange(value: string): void;
  };

export function Select({ label, bare = false, hint, fault = null, options, onChange, ...rest }: SelectProps) {
  const id = useId();
  return (
    <Labelled id={id} label={label} bare={bare} hint={hint} fault={fault}>
      <select
        {...rest}
        id={id}
        className={styles['input']}
        onChange={({ target }) => onChange(target.value)}
        aria-describedby={`${id}-hint`}
      >
        {options.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

function Labelled({
  id,
  label,
  bare,
  hint,
  fault,
  children,
}: Required<About> & { readonly id: string; readonly children: ReactNode }) {
  return (
    <div className={styles['field']}>
      <label htmlFor={id} className={bare ? 'only-heard' : styles['label']}>
        {label}
      </label>
      {children}
      <span id={`${id}-hint`} className={fault === null ? styles['hint'] : styles['fault']}>
        {fault ?? hint}
      </span>
    </div>
  );
}
