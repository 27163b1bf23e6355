/** Paths of notebooks that belong to runs: `<run>/notebook.ipynb`, `<run>/steps/<step>@<turn>.ipynb`.
 * A run is named by its key. */

export const DRIVE = 'labwright';

export type Place =
  | { kind: 'root' }
  | { kind: 'run'; runId: string }
  | { kind: 'steps'; runId: string }
  | { kind: 'source'; runId: string }
  | { kind: 'step'; runId: string; step: string; iteration: string | null };

const SOURCE = 'notebook.ipynb';
const STEP = /^(.+?)(?:@([\d.]+))?\.ipynb$/;

export function sourcePath(runId: string): string {
  return `${runId}/${SOURCE}`;
}

export function stepPath(
  runId: string,
  step: string,
  iteration: string | number | null | undefined
): string {
  return `${runId}/steps/${step}${iteration == null ? '' : `@${iteration}`}.ipynb`;
}

/** What lies at a path of the drive; null: nothing can. */
export function parsePath(path: string): Place | null {
  const parts = path.split('/').filter(part => part !== '');
  const [runId, second, third] = parts;
  if (parts.length === 0) {
    return { kind: 'root' };
  }
  if (parts.length === 1) {
    return { kind: 'run', runId };
  }
  if (parts.length === 2) {
    return second === SOURCE
      ? { kind: 'source', runId }
      : second === 'steps'
        ? { kind: 'steps', runId }
        : null;
  }
  const match = second === 'steps' && parts.length === 3 ? STEP.exec(third) : null;
  return match && { kind: 'step', runId, step: match[1], iteration: match[2] ?? null };
}
