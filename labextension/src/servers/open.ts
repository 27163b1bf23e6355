import { showErrorMessage } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Client, IOnTarget } from '../api';

const HERE = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether an address leads to the browser's own machine while this page is from another. */
export function leadsAstray(url: string, page: string): boolean {
  return HERE.test(new URL(url, page).hostname) && !HERE.test(new URL(page).hostname);
}

/** Open a server's own JupyterLab beside this one. */
export async function openServer(
  server: IOnTarget,
  client: Client,
  trans: TranslationBundle
): Promise<void> {
  // Only while the click counts may a page open another; where it leads is known later.
  const tab = window.open('about:blank', '_blank');
  try {
    const { url } = await client.serverAddress(server);
    if (leadsAstray(url, window.location.href)) {
      throw new Error(
        trans.__(
          '%1 can only be reached on the machine that it runs on. With jupyter-server-proxy installed beside Labwright it opens from anywhere.',
          server.name
        )
      );
    }
    const place = new URL(url, client.settings.baseUrl).href;
    if (tab) {
      tab.opener = null;
      tab.location.replace(place);
    } else {
      throw new Error(
        trans.__('The browser opened no new tab. It may be told to: %1', place)
      );
    }
  } catch (error) {
    tab?.close();
    await showErrorMessage(trans.__('The server could not be opened'), error as Error);
  }
}
