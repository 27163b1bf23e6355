import { ServerConnection } from '@jupyterlab/services';

import { answerOf, type Query } from './request';

/** The server says that it is there every 20 seconds; who is silent for so long is gone. */
const SILENT_MS = 60_000;

/** An answer that is held open: a line of JSON at a time, for as long as they come. */
export async function* followAPI<T>(
  path: string,
  settings: ServerConnection.ISettings,
  query: Query,
  signal: AbortSignal
): AsyncGenerator<T, void, void> {
  const silence = new AbortController();
  const giveUp = (): void => silence.abort();
  signal.addEventListener('abort', giveUp);
  let timer = window.setTimeout(giveUp, SILENT_MS);
  try {
    const init = { signal: silence.signal };
    const response = await answerOf(path, init, settings, query);
    const reader = response.body!.getReader();
    const decoder = new TextDecoder();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      window.clearTimeout(timer);
      timer = window.setTimeout(giveUp, SILENT_MS);
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop()!;
      yield* lines.filter(Boolean).map(line => JSON.parse(line) as T);
    }
  } finally {
    window.clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    silence.abort();
  }
}
