// The page for an address that leads nowhere.

import { Link } from 'react-router';
import { Notice } from '../../components/Notice.tsx';

export function MissingPage() {
  return (
    <>
      <title>Not found · Thor</title>
      <Notice title="There is no page at this address">
        <Link to="/">Go to the live futures</Link>
      </Notice>
    </>
  );
}
