import { showErrorMessage } from '@jupyterlab/apputils';
import { useState } from 'react';

/** Does something, and says under `title` why it could not be done. */
export type Attempt = (title: string, act: () => Promise<void>) => Promise<void>;

/** Whether an attempt goes on, and how to make one. */
export function useAttempt(): [busy: boolean, attempt: Attempt] {
  const [busy, setBusy] = useState(false);
  const attempt: Attempt = async (title, act) => {
    setBusy(true);
    try {
      await act();
    } catch (reason) {
      await showErrorMessage(title, reason as Error);
    }
    setBusy(false);
  };
  return [busy, attempt];
}
