/**
 * Names of runs among those of every target.
 *
 * Two targets may know the same id, so a run away from this machine is `id@target`. Keys go where
 * ids go: into commands' arguments, selections, layouts and paths.
 */

export const LOCAL = 'local';

export interface IPlaced {
  readonly run_id: string;
  readonly target: string;
}

export function runKey({ run_id: id, target }: IPlaced): string {
  return target === LOCAL ? id : `${id}@${target}`;
}

/** The id and the target of a key. No target's name has an `@`, so the last one divides. */
export function splitKey(key: string): IPlaced {
  const at = key.lastIndexOf('@');
  return at < 0
    ? { run_id: key, target: LOCAL }
    : { run_id: key.slice(0, at), target: key.slice(at + 1) };
}
