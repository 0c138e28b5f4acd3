// The first page: every future of the registry with its newest quote.

import { Notice } from '../../components/Notice.tsx';
import { useMedia } from '../../components/useMedia.ts';
import { useDashboard, useOutage, useReadable } from '../../state/react.ts';
import styles from './LivePage.module.css';
import { QuoteCards } from './QuoteCards.tsx';
import { QuoteTable } from './QuoteTable.tsx';
import { Summary } from './Summary.tsx';

const TOO_NARROW_FOR_A_TABLE = '(max-width: 1080px)';

export function LivePage() {
  const outage = useOutage();
  return (
    <>
      <title>{outage === null ? 'Live futures · Thor' : 'Not live · Thor'}</title>
      <LiveContent outdated={outage !== null} />
    </>
  );
}

function LiveContent({ outdated }: { readonly outdated: boolean }) {
  const instruments = useReadable(useDashboard().instruments);
  const narrow = useMedia(TOO_NARROW_FOR_A_TABLE);
  const List = narrow ? QuoteCards : QuoteTable;

  if (instruments === null) {
    return outdated ? (
      <Notice title="The Thor server does not answer">
        The page goes on trying and will fill itself as soon as the server is back.
      </Notice>
    ) : (
      <Notice title="Loading the instruments" busy />
    );
  }
  if (instruments.length === 0) {
    return <Notice title="No futures to show">The server's instrument registry holds no futures.</Notice>;
  }
  return (
    <main className={styles['page']}>
      <div className={styles['head']}>
        <h1 className={styles['title']}>Live futures</h1>
        <Summary instruments={instruments} />
      </div>
      <List instruments={instruments} outdated={outdated} />
    </main>
  );
}
