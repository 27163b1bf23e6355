import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type { JsonValue } from './types';

const BASE = 'labwright/api/v1';

/** What the server refused, in its own words; `status` 0 where it could not be reached. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly detail: JsonValue | null,
    readonly status: number
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

export type Query = Record<string, string | number | null | undefined>;

/** The address of a route; `query` values that are null or undefined are left out. */
export function apiUrl(
  settings: ServerConnection.ISettings,
  path: string,
  query: Query = {}
): string {
  const given = Object.entries(query).filter(([, value]) => value != null);
  const search = new URLSearchParams(
    given.map(([name, value]) => [name, String(value)])
  );
  const url = URLExt.join(settings.baseUrl, BASE, path);
  return given.length ? `${url}?${search}` : url;
}

/** Ask the server extension; rejects with ApiError, or AbortError where `init.signal` says so. */
export async function requestAPI<T>(
  path: string,
  init: RequestInit = {},
  settings: ServerConnection.ISettings = ServerConnection.makeSettings(),
  query: Query = {}
): Promise<T> {
  const text = await (await answerOf(path, init, settings, query)).text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** The same, as soon as it is answered; what the answer holds may still be on its way. */
export async function answerOf(
  path: string,
  init: RequestInit,
  settings: ServerConnection.ISettings,
  query: Query
): Promise<Response> {
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(
      apiUrl(settings, path, query),
      init,
      settings
    );
  } catch (reason) {
    if (init.signal?.aborted) {
      throw new DOMException('The request was given up', 'AbortError');
    }
    throw new ApiError(
      'unreachable',
      String((reason as Error).message ?? reason),
      null,
      0
    );
  }
  if (!response.ok) {
    throw refusal(response, await response.text());
  }
  return response;
}

function refusal(response: Response, text: string): ApiError {
  try {
    const { code, message, detail } = JSON.parse(text);
    if (typeof message === 'string') {
      return new ApiError(code ?? 'unknown', message, detail ?? null, response.status);
    }
  } catch {
    // A proxy answered with a page of its own.
  }
  return new ApiError(
    'unknown',
    `${response.status} ${response.statusText}`,
    null,
    response.status
  );
}
