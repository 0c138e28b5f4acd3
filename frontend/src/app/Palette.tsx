// Ctrl-K: every page, every symbol and every switch by a few letters of its name, without leaving the keyboard.

import type { KeyboardEvent } from 'react';
import { useEffect, useId, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { Icon } from '../components/Icon.tsx';
import type { Command } from './commands.ts';
import { matchCommands } from './commands.ts';
import styles from './Palette.module.css';
import { useCommands } from './useCommands.ts';

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

function opensPalette(event: globalThis.KeyboardEvent): boolean {
  if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) return true;
  const { target } = event;
  const typing =
    target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');
  return event.key === '/' && !typing && !event.ctrlKey && !event.metaKey;
}

export function Palette() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState(false);

  useEffect(() => {
    const heard = (event: globalThis.KeyboardEvent) => {
      if (!opensPalette(event)) return;
      event.preventDefault();
      setOpen(true);
    };
    window.addEventListener('keydown', heard);
    return () => window.removeEventListener('keydown', heard);
  }, []);

  useEffect(() => {
    if (open) dialog.current?.showModal();
  }, [open]);

  return (
    <>
      <button type="button" className={styles['opener']} onClick={() => setOpen(true)}>
        <Icon name="search" size={16} />
        <span className={styles['openerText']}>Search or jump to …</span>
        <kbd className={styles['key']}>{isMac ? '⌘ K' : 'Ctrl K'}</kbd>
      </button>
      {open && (
        <dialog
          ref={dialog}
          className={styles['dialog']}
          aria-label="Search or jump to"
          onClose={() => setOpen(false)}
        >
          <Search onDone={() => dialog.current?.close()} />
        </dialog>
      )}
    </>
  );
}

function Search({ onDone }: { onDone(): void }) {
  const list = useId();
  const navigate = useNavigate();
  const commands = useCommands();
  const [text, setText] = useState('');
  const [place, setPlace] = useState(0);
  const found = matchCommands(commands, text);
  const chosen = found[Math.min(place, found.length - 1)];

  function run(command: Command | undefined): void {
    if (command === undefined) return;
    onDone();
    if (command.to !== undefined) void navigate(command.to);
    else command.run?.();
  }

  function steer(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) {
      event.preventDefault();
      setPlace((Math.min(place, found.length - 1) + step + found.length) % found.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(chosen);
    }
  }

  return (
    <div className={styles['search']}>
      <input
        className={styles['input']}
        type="text"
        role="combobox"
        aria-label="What to go to or to do"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={chosen === undefined ? undefined : `${list}-${chosen.key}`}
        placeholder="A symbol, a page, a setting"
        autoComplete="off"
        spellCheck={false}
        // biome-ignore lint/a11y/noAutofocus: the dialog was opened to be typed into
        autoFocus
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setPlace(0);
        }}
        onKeyDown={steer}
      />
      <div id={list} role="listbox" aria-label="Matches" className={styles['list']}>
        {found.map((command) => (
          <div
            key={command.key}
            id={`${list}-${command.key}`}
            role="option"
            tabIndex={-1}
            aria-selected={command === chosen}
            className={styles['command']}
            onClick={() => run(command)}
            onKeyDown={undefined}
            ref={command === chosen ? (node) => node?.scrollIntoView?.({ block: 'nearest' }) : undefined}
          >
            <Icon name={command.icon} size={16} />
            <span className={styles['name']}>{command.title}</span>
            <span className={styles['about']}>{command.about}</span>
          </div>
        ))}
        {found.length === 0 && <p className={styles['none']}>Nothing is called that.</p>}
      </div>
    </div>
  );
}
