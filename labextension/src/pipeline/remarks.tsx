import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { Diagnostic } from '../api/client';
import { CommandIDs } from '../tokens';
import type { NotebookPipeline } from './model';

const ORDER: readonly Diagnostic['severity'][] = ['error', 'warning', 'info'];

/** All that was found, the worst first; each leads to its cell. */
export function Remarks(props: {
  pipeline: NotebookPipeline;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { pipeline, commands, trans } = props;
  const found = [...(pipeline.graph?.diagnostics ?? [])].sort(
    (a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity)
  );
  if (found.length === 0 || pipeline.analysis?.error) {
    return null;
  }
  return (
    <details className="jp-lw-Fold" open={found[0].severity === 'error'}>
      <summary>
        {trans.__('Remarks')}
        <span className="jp-lw-Count" data-severity={found[0].severity}>
          {found.length}
        </span>
      </summary>
      <RemarkList remarks={found} commands={commands} trans={trans} />
    </details>
  );
}

/** Remarks one below the other; each leads to its cell. */
export function RemarkList(props: {
  remarks: readonly Diagnostic[];
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element {
  const { remarks, commands, trans } = props;
  return (
    <ul className="jp-lw-Remarks">
      {remarks.map((remark, index) => (
        <li key={index}>
          <RemarkLine
            remark={remark}
            onOpen={() =>
              void commands.execute(CommandIDs.goToStep, { cell: remark.cell })
            }
            trans={trans}
          />
        </li>
      ))}
    </ul>
  );
}

function RemarkLine(props: {
  remark: Diagnostic;
  onOpen: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { remark, onOpen, trans } = props;
  const words = {
    error: trans.__('Error'),
    warning: trans.__('Warning'),
    info: trans.__('Note')
  };
  const body = (
    <>
      <span className="jp-lw-CellChip-severity" aria-hidden />
      <span>
        <span className="jp-lw-visually-hidden">{words[remark.severity]}: </span>
        {remark.message}
        {remark.cell !== null && (
          <span className="jp-lw-muted"> {trans.__('Cell %1', remark.cell + 1)}</span>
        )}
      </span>
    </>
  );
  return remark.cell === null ? (
    <div className="jp-lw-Remark" data-severity={remark.severity} title={remark.code}>
      {body}
    </div>
  ) : (
    <button
      type="button"
      className="jp-lw-Remark"
      data-severity={remark.severity}
      title={remark.code}
      onClick={onOpen}
    >
      {body}
    </button>
  );
}
