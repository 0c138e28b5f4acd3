// What the symbol is: exchange, steps and values, its market's hours, the contract behind it and its last roll.

import type { ReactNode } from 'react';
import { Facts } from '../../components/Facts.tsx';
import { Panel } from '../../components/Panel.tsx';
import { NOTHING } from '../../components/Price.tsx';
import type { Instrument } from '../../domain/instrument.ts';
import { sessionTitle } from '../../domain/session.ts';
import { formatCountdown } from '../../domain/time.ts';
import { useAtTick, useQuote, useSession, useTimeFormat } from '../../state/react.ts';

const MONEY = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });

const money = (value: number | null) => (value === null ? NOTHING : MONEY.format(value));

export function ContractPanel({ instrument }: { readonly instrument: Instrument }) {
  const quote = useQuote(instrument.symbol);
  const time = useTimeFormat(instrument.market);
  const roll = quote?.roll ?? null;
  return (
    <Panel title="Contract">
      <Facts
        facts={[
          ['Exchange', instrument.exchange],
          ['Category', instrument.category ?? NOTHING],
          ['Market', <MarketState key="market" instrument={instrument} />],
          ['Tick', `${instrument.tick ?? NOTHING} = ${money(instrument.tickValue)}`],
          ['Point', money(instrument.multiplier)],
          ['Contract value', money(quote?.contractValue ?? null)],
          ['Contract', quote?.contract ?? 'not named by the source'],
          [
            'Last roll',
            roll === null
              ? 'none seen'
              : `${roll.from} → ${roll.to}, ${time.text(roll.at, 'moment')} ${time.label(roll.at)}`,
          ],
          ['Preferred source', instrument.preferredSource ?? NOTHING],
        ]}
      />
    </Panel>
  );
}

function MarketState({ instrument }: { readonly instrument: Instrument }): ReactNode {
  const session = useSession(instrument.market);
  const time = useTimeFormat(instrument.market);
  const at = session?.nextTransitionAt ?? null;
  const left = useAtTick((now) => (at === null ? null : formatCountdown(at - now)));
  if (session === null) return instrument.market;
  return (
    <>
      {session.title}: {sessionTitle(session)}
      {at !== null && ` · ${session.isOpen ? 'closes' : 'opens'} in ${left} (${time.text(at, 'clock')})`}
      {session.reason !== null && ` · ${session.reason}`}
      {session.tradeDate !== null && ` · trade date ${session.tradeDate}`}
    </>
  );
}
