import type { Contents, ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';

import { runKey, type Client, type RunSummary } from '../api';
import { DRIVE, parsePath, sourcePath, stepPath } from './path';

const LISTED = 100;

/** The notebooks of runs as documents that can be read, and nothing else. */
export class RunDrive implements Contents.IDrive {
  constructor(
    private readonly _client: Client,
    private readonly _trans: TranslationBundle
  ) {}

  readonly name = DRIVE;

  get serverSettings(): ServerConnection.ISettings {
    return this._client.settings;
  }

  get fileChanged(): ISignal<this, Contents.IChangedArgs> {
    return this._fileChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  async get(path: string, options?: Contents.IFetchOptions): Promise<Contents.IModel> {
    const place = parsePath(path);
    switch (place?.kind) {
      case 'root': {
        const { runs } = await this._client.runs({ limit: LISTED });
        return folder(
          path,
          runs.map(run => entry(runKey(run), 'directory', run.created_at))
        );
      }
      case 'run': {
        const run = await this._client.run(place.runId);
        return folder(path, [
          entry(sourcePath(place.runId), 'notebook', run.created_at),
          entry(`${place.runId}/steps`, 'directory', run.created_at)
        ]);
      }
      case 'steps': {
        const run = await this._client.run(place.runId);
        const steps = run.steps.filter(step => step.has_notebook);
        return folder(
          path,
          steps.map(step =>
            entry(
              stepPath(place.runId, step.name, step.iteration),
              'notebook',
              step.finished_at ?? run.created_at
            )
          )
        );
      }
      case 'source':
      case 'step': {
        // Whoever asks only what a document is gets no content sent.
        const bare = options?.content === false;
        const read = (): Promise<unknown> =>
          place.kind === 'source'
            ? this._client.sourceNotebook(place.runId)
            : this._client.executedNotebook(place.runId, place.step, place.iteration);
        const run: RunSummary = await this._client.run(place.runId);
        return {
          ...entry(path, 'notebook', run.finished_at ?? run.created_at),
          content: bare ? null : await read(),
          format: bare ? null : 'json'
        };
      }
      default:
        throw new Error(
          this._trans.__('%1 is no notebook of a run.', `${DRIVE}:${path}`)
        );
    }
  }

  async getDownloadUrl(path: string): Promise<string> {
    const place = parsePath(path);
    if (place?.kind === 'source') {
      return this._client.sourceUrl(place.runId);
    }
    if (place?.kind === 'step') {
      return this._client.executedUrl(place.runId, place.step, place.iteration);
    }
    throw new Error(this._trans.__('%1 is no notebook of a run.', `${DRIVE}:${path}`));
  }

  newUntitled(): Promise<Contents.IModel> {
    return this._refuse();
  }

  delete(): Promise<void> {
    return this._refuse();
  }

  rename(): Promise<Contents.IModel> {
    return this._refuse();
  }

  save(): Promise<Contents.IModel> {
    return this._refuse();
  }

  copy(): Promise<Contents.IModel> {
    return this._refuse();
  }

  createCheckpoint(): Promise<Contents.ICheckpointModel> {
    return this._refuse();
  }

  async listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return [];
  }

  restoreCheckpoint(): Promise<void> {
    return this._refuse();
  }

  deleteCheckpoint(): Promise<void> {
    return this._refuse();
  }

  private _refuse(): Promise<never> {
    return Promise.reject(
      new Error(
        this._trans.__(
          'What a run left cannot be changed. Save a copy in the file browser instead (File, Save Notebook As…).'
        )
      )
    );
  }

  private readonly _fileChanged = new Signal<this, Contents.IChangedArgs>(this);
  private _isDisposed = false;
}

function entry(
  path: string,
  type: Contents.ContentType,
  modified: string
): Contents.IModel {
  return {
    name: path.split('/').pop() as string,
    path,
    type,
    writable: false,
    created: modified,
    last_modified: modified,
    mimetype: type === 'notebook' ? 'application/x-ipynb+json' : '',
    format: null,
    content: null
  };
}

function folder(path: string, content: Contents.IModel[]): Contents.IModel {
  const modified = content[0]?.last_modified ?? new Date(0).toISOString();
  return { ...entry(path, 'directory', modified), content, format: 'json' };
}
