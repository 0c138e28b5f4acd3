// One symbol: its quote, its chart, every event as it comes, where the price comes from, why the signal is what it is.

import { lazy, Suspense } from 'react';
import { Link, useParams } from 'react-router';
import { Loading } from '../../components/Answered.tsx';
import { newAlertAddress } from '../../components/addresses.ts';
import { Notice } from '../../components/Notice.tsx';
import { PageFrame } from '../../components/PageFrame.tsx';
import { TapePanel } from '../../components/quotes/TapePanel.tsx';
import type { Instrument } from '../../domain/instrument.ts';
import { toSymbol } from '../../domain/nominal.ts';
import { useDashboard, useOutage, useReadable } from '../../state/react.ts';
import { ContractPanel } from './ContractPanel.tsx';
import { PositionPanel } from './PositionPanel.tsx';
import { SignalPanel } from './SignalPanel.tsx';
import { SourcesPanel } from './SourcesPanel.tsx';
import { SymbolHead } from './SymbolHead.tsx';
import styles from './SymbolPage.module.css';

const ChartPanel = lazy(async () => ({ default: (await import('./ChartPanel.tsx')).ChartPanel }));

export function SymbolPage() {
  const { symbol: asked = '' } = useParams();
  const symbol = toSymbol(asked.toUpperCase());
  const instruments = useReadable(useDashboard().instruments);
  const outdated = useOutage() !== null;
  if (instruments === null) {
    return outdated ? (
      <Notice title="The Thor server does not answer">
        The page goes on trying and will fill itself as soon as the server is back.
      </Notice>
    ) : (
      <Notice title="Loading the instruments" busy />
    );
  }
  const instrument = instruments.find((known) => known.symbol === symbol);
  if (instrument === undefined) {
    return (
      <Notice title={`There is no symbol ${asked.slice(0, 32)}`}>
        <title>No such symbol · Thor</title>
        <p>The server's registry does not have it.</p>
        <Link to="/">Go to the live page</Link>
      </Notice>
    );
  }
  // Another symbol is another page: nothing of the one before stays.
  return <SymbolContent key={instrument.symbol} instrument={instrument} outdated={outdated} />;
}

interface SymbolContentProps {
  readonly instrument: Instrument;
  readonly outdated: boolean;
}

function SymbolContent({ instrument, outdated }: SymbolContentProps) {
  return (
    <PageFrame
      title={instrument.symbol}
      about={instrument.name}
      tools={<Link to={newAlertAddress(instrument.symbol)}>Alert me</Link>}
      isLive
    >
      <SymbolHead instrument={instrument} outdated={outdated} />
      <div className={styles['columns']}>
        <div className={styles['column']}>
          <Suspense fallback={<Loading what="the chart" />}>
            <ChartPanel instrument={instrument} />
          </Suspense>
          <div className={styles['pair']}>
            <SignalPanel instrument={instrument} />
            <PositionPanel instrument={instrument} />
          </div>
        </div>
        <div className={styles['column']}>
          <TapePanel instrument={instrument} />
          <SourcesPanel instrument={instrument} />
          <ContractPanel instrument={instrument} />
        </div>
      </div>
    </PageFrame>
  );
}
