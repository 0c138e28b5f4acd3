// Which symbols have a strip: none ticked means all.

import { Icon } from '../../components/Icon.tsx';
import { Popover } from '../../components/Popover.tsx';
import styles from './SymbolChooser.module.css';

interface SymbolChooserProps {
  readonly symbols: readonly string[];
  readonly chosen: readonly string[];
  onChange(chosen: readonly string[]): void;
}

export function SymbolChooser({ symbols, chosen, onChange }: SymbolChooserProps) {
  return (
    <Popover
      label="Symbols"
      worded
      button={
        <>
          <Icon name="columns" size={16} /> {chosen.length === 0 ? 'All symbols' : `${chosen.length} symbols`}
        </>
      }
    >
      {() => (
        <fieldset className={styles['symbols']}>
          <legend className="only-heard">Symbols that are shown; none means all</legend>
          {symbols.map((symbol) => (
            <label key={symbol} className={styles['symbol']}>
              <input
                type="checkbox"
                checked={chosen.includes(symbol)}
                onChange={() =>
                  onChange(
                    chosen.includes(symbol)
                      ? chosen.filter((other) => other !== symbol)
                      : symbols.filter((other) => other === symbol || chosen.includes(other)),
                  )
                }
              />
              {symbol}
            </label>
          ))}
        </fieldset>
      )}
    </Popover>
  );
}
