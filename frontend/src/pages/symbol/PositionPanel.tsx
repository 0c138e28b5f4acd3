// What a position is worth and what a move of the price does to it. The values are the server's, by its exact decimals.

import { useState } from 'react';
import { Answered } from '../../components/Answered.tsx';
import { Choice } from '../../components/Choice.tsx';
import { Facts } from '../../components/Facts.tsx';
import { Field } from '../../components/Field.tsx';
import { Panel } from '../../components/Panel.tsx';
import type { Instrument } from '../../domain/instrument.ts';
import { useApi } from '../../state/api.ts';
import { useQuote } from '../../state/react.ts';
import styles from './PositionPanel.module.css';

const MONEY = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const MOST_CONTRACTS = 1_000_000;
const PRICE = /^-?\d{1,9}(?:\.\d{1,9})?$/;

const SIDES = [
  { value: 'long', text: 'Long' },
  { value: 'short', text: 'Short' },
] as const;
type Side = (typeof SIDES)[number]['value'];

export function PositionPanel({ instrument }: { readonly instrument: Instrument }) {
  const quote = useQuote(instrument.symbol);
  const [quantity, setQuantity] = useState('1');
  const [price, setPrice] = useState('');
  const [ticks, setTicks] = useState('4');
  const [side, setSide] = useState<Side>('long');
  const contracts = Number(quantity);
  const steps = Number(ticks);
  const quantityFault =
    Number.isInteger(contracts) && contracts >= 1 && contracts <= MOST_CONTRACTS
      ? null
      : 'A whole number from 1.';
  const priceText = price.trim() === '' ? (quote?.last?.toFixed(9) ?? '') : price.trim();
  const priceFault =
    priceText === '' || PRICE.test(priceText) ? null : 'A price in points, such as 118.3125.';
  const ticksFault = ticks.trim() !== '' && Number.isFinite(steps) ? null : 'A number of ticks.';
  // The price of now moves; the question to the server stands still until the reader changes it.
  const [asOf] = useState(priceText);
  const value = useApi('/api/instruments/{symbol}/value', {
    path: { symbol: instrument.symbol },
    query: { price: price.trim() === '' ? asOf || priceText : priceText, quantity: contracts },
    when: quantityFault === null && priceFault === null && priceText !== '',
  });
  return (
    <Panel title="Position">
      <div className={styles['form']}>
        <Choice label="Side" value={side} options={SIDES} onChange={setSide} />
        <Field
          label="Contracts"
          inputMode="numeric"
          size={6}
          value={quantity}
          fault={quantityFault}
          onChange={({ target }) => setQuantity(target.value)}
        />
        <Field
          label="Price in points"
          inputMode="decimal"
          size={10}
          value={price}
          placeholder={quote?.last === null || quote === null ? 'price' : String(quote.last)}
          fault={priceFault}
          onChange={({ target }) => setPrice(target.value)}
        />
        <Field
          label="Moves by ticks"
          inputMode="numeric"
          size={6}
          value={ticks}
          fault={ticksFault}
          onChange={({ target }) => setTicks(target.value)}
        />
      </div>
      {quantityFault === null && priceFault === null && priceText !== '' && (
        <Answered answer={value} what="values">
          {({ tick_value, contract_value }) => {
            const result = (side === 'long' ? 1 : -1) * steps * Number(tick_value);
            return (
              <Facts
                facts={[
                  ['One tick', MONEY.format(Number(tick_value))],
                  ['Contract value', MONEY.format(Number(contract_value))],
                  ['Result of the move', ticksFault === null ? <Result key="result" value={result} /> : '—'],
                ]}
              />
            );
          }}
        </Answered>
      )}
    </Panel>
  );
}

function Result({ value }: { readonly value: number }) {
  return (
    <strong data-direction={value > 0 ? 'up' : value < 0 ? 'down' : 'flat'} className={styles['result']}>
      {value > 0 ? '+' : ''}
      {MONEY.format(value)}
    </strong>
  );
}
