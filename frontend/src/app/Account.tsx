// Who is logged in, and the way in or out. The login page is the server's own: it works before any script has come.

import { useLocation } from 'react-router';
import { Button } from '../components/Button.tsx';
import { Icon } from '../components/Icon.tsx';
import { Popover } from '../components/Popover.tsx';
import { sendApi } from '../services/api/client.ts';
import { loginAddress, useCaller } from '../state/caller.ts';
import { useDashboard } from '../state/react.ts';
import styles from './Account.module.css';

export function Account() {
  const caller = useCaller();
  const { toasts } = useDashboard();
  const { pathname, search } = useLocation();
  if (caller === null) return null;

  async function logOut(): Promise<void> {
    try {
      await sendApi('POST', '/api/logout');
      location.reload();
    } catch (error) {
      toasts.show({ tone: 'bad', title: 'You are still logged in', text: String(error) });
    }
  }

  return (
    <Popover
      look="icon"
      label={caller.user === null ? 'Account' : `Account: ${caller.user}`}
      button={<Icon name="person" />}
    >
      {() => (
        <div className={styles['account']}>
          {caller.user === null ? (
            <>
              <p>Nobody is logged in. Reading needs no login on this machine; writing does.</p>
              <a className={styles['login']} href={loginAddress(pathname + search)}>
                Log in
              </a>
            </>
          ) : (
            <>
              <p>
                <strong>{caller.user}</strong>
                <br />
                <span className={styles['role']}>{caller.role}</span>
              </p>
              <Button onClick={() => void logOut()}>Log out</Button>
            </>
          )}
        </div>
      )}
    </Popover>
  );
}
