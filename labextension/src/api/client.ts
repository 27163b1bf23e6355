import type { INotebookContent } from '@jupyterlab/nbformat';
import { ServerConnection } from '@jupyterlab/services';

import { apiUrl, Query, requestAPI } from './request';
import type {
  Analysis,
  Comparison,
  Compiled,
  Iteration,
  LogChunk,
  NotebookSource,
  Preview,
  PreviewRequest,
  Run,
  RunList,
  RunRequest,
  RunSchemas,
  RunSummary,
  State,
  Status,
  Suggestion,
  Target
} from './types';

export { ApiError, apiUrl, requestAPI } from './request';
export * from './types';

export interface IRunQuery {
  target?: string;
  experiment?: string;
  state?: State;
  text?: string;
  limit?: number;
  cursor?: string;
}

export interface ILogQuery {
  iteration?: Iteration;
  offset?: number;
  limit?: number;
}

/** One method for each route of the server extension. */
export class Client {
  constructor(
    readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings()
  ) {}

  status(): Promise<Status> {
    return this.get('status');
  }

  async targets(): Promise<Target[]> {
    return (await this.get<{ targets: Target[] }>('targets')).targets;
  }

  schemas(): Promise<RunSchemas> {
    return this.get('schemas');
  }

  async experiments(): Promise<string[]> {
    return (await this.get<{ experiments: string[] }>('experiments')).experiments;
  }

  analyse(source: NotebookSource, signal?: AbortSignal): Promise<Analysis> {
    return this.post('notebooks/analyse', source, signal);
  }

  preview(request: PreviewRequest, signal?: AbortSignal): Promise<Preview> {
    return this.post('notebooks/preview', request, signal);
  }

  async suggest(source: NotebookSource): Promise<Suggestion[]> {
    const found = await this.post<{ suggestions: Suggestion[] }>(
      'notebooks/suggest',
      source
    );
    return found.suggestions;
  }

  compile(source: NotebookSource): Promise<Compiled> {
    return this.post('notebooks/compile', source);
  }

  runs(query: IRunQuery = {}, signal?: AbortSignal): Promise<RunList> {
    return this.get('runs', { ...query }, signal);
  }

  run(runId: string, signal?: AbortSignal): Promise<Run> {
    return this.get(runPath(runId), {}, signal);
  }

  start(request: RunRequest): Promise<RunSummary> {
    return this.post('runs', request);
  }

  cancel(runId: string): Promise<RunSummary> {
    return this.post(`${runPath(runId)}/cancel`);
  }

  retry(runId: string): Promise<RunSummary> {
    return this.post(`${runPath(runId)}/retry`);
  }

  resume(runId: string): Promise<RunSummary> {
    return this.post(`${runPath(runId)}/resume`);
  }

  remove(runId: string): Promise<void> {
    return requestAPI(runPath(runId), { method: 'DELETE' }, this.settings);
  }

  compare(left: string, right: string): Promise<Comparison> {
    return this.get('runs/compare', { left, right });
  }

  log(
    runId: string,
    step: string,
    query: ILogQuery = {},
    signal?: AbortSignal
  ): Promise<LogChunk> {
    return this.get(`${stepPath(runId, step)}/log`, { ...query }, signal);
  }

  /** The notebook as it was when the run began. */
  sourceNotebook(runId: string): Promise<INotebookContent> {
    return this.get(`${runPath(runId)}/notebook`);
  }

  executedNotebook(
    runId: string,
    step: string,
    iteration: Iteration = null
  ): Promise<INotebookContent> {
    return this.get(`${stepPath(runId, step)}/notebook`, { iteration });
  }

  /** The address of a step's executed notebook as a page. */
  pageUrl(runId: string, step: string, iteration: Iteration = null): string {
    return apiUrl(this.settings, `${stepPath(runId, step)}/html`, { iteration });
  }

  /** The address of the notebook as it was when the run began. */
  sourceUrl(runId: string): string {
    return apiUrl(this.settings, `${runPath(runId)}/notebook`);
  }

  /** The address of a step's executed notebook. */
  executedUrl(runId: string, step: string, iteration: Iteration = null): string {
    return apiUrl(this.settings, `${stepPath(runId, step)}/notebook`, { iteration });
  }

  /** The address of a run's file; `artifact` as a step's value names it. */
  fileUrl(runId: string, artifact: string): string {
    const path = artifact.split('/').map(encodeURIComponent).join('/');
    return apiUrl(this.settings, `${runPath(runId)}/files/${path}`);
  }

  private get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    return requestAPI(path, { method: 'GET', signal }, this.settings, query);
  }

  private post<T>(path: string, body?: object, signal?: AbortSignal): Promise<T> {
    const init = { method: 'POST', body: body && JSON.stringify(body), signal };
    return requestAPI(path, init, this.settings);
  }
}

function runPath(runId: string): string {
  return `runs/${encodeURIComponent(runId)}`;
}

function stepPath(runId: string, step: string): string {
  return `${runPath(runId)}/steps/${encodeURIComponent(step)}`;
}
