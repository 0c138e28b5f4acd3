// Buttons and links that look like them. The words say what happens; an icon alone always has words for those who hear.

import type { ButtonHTMLAttributes, ReactNode } from 'react';
import styles from './Button.module.css';
import type { IconName } from './Icon.tsx';
import { Icon } from './Icon.tsx';

interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'type'> {
  readonly look?: 'plain' | 'main' | 'quiet' | 'danger';
  readonly icon?: IconName;
  readonly children?: ReactNode;
  readonly submits?: boolean;
}

export function Button({ look = 'plain', icon, children, submits = false, ...rest }: ButtonProps) {
  return (
    <button {...rest} type={submits ? 'submit' : 'button'} className={`${styles['button']} ${styles[look]}`}>
      {icon !== undefined && <Icon name={icon} size={16} />}
      {children}
    </button>
  );
}

interface IconButtonProps
  extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'type' | 'children'> {
  readonly icon: IconName;
  /** What the button does. */
  readonly label: string;
}

export function IconButton({ icon, label, ...rest }: IconButtonProps) {
  return (
    <button
      {...rest}
      type="button"
      className={`${styles['button']} ${styles['icon']}`}
      aria-label={label}
      title={label}
    >
      <Icon name={icon} />
    </button>
  );
}
