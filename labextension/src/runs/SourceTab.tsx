import type { ICell, INotebookContent } from '@jupyterlab/nbformat';
import { useEffect, useRef, useState } from 'react';

import { runKey, type Run } from '../api';
import { CommandIDs } from '../tokens';
import { EmptyState, ErrorBox } from '../ui';
import { usePanel } from './hooks';

/** The notebook as it was when the run began. */
export function SourceTab({ run }: { run: Run }): JSX.Element {
  const { client, commands, trans } = usePanel();
  const [notebook, setNotebook] = useState<INotebookContent | null>(null);
  const [error, setError] = useState<unknown>(null);
  const runId = runKey(run);
  useEffect(() => {
    let current = true;
    client.sourceNotebook(runId).then(
      content => current && setNotebook(content),
      reason => current && setError(reason)
    );
    return () => {
      current = false;
    };
  }, [client, runId]);
  if (error) {
    return run.notebook === null ? (
      <EmptyState title={trans.__('This run is of a compiled pipeline')} />
    ) : (
      <ErrorBox title={trans.__('The notebook could not be read')} error={error} />
    );
  }
  if (!notebook) {
    return <div aria-busy>{trans.__('Loading…')}</div>;
  }
  const steps = new Map(run.graph.cells.map(cell => [cell.cell, cell]));
  return (
    <div className="jp-lw-Source">
      <div className="jp-lw-Source-bar">
        <span>{trans.__('As it was when the run began.')}</span>
        <button
          className="jp-mod-styled"
          onClick={() => void commands.execute(CommandIDs.openSource, { runId })}
        >
          {trans.__('Open this version')}
        </button>
        <button
          className="jp-mod-styled"
          disabled={!commands.isEnabled(CommandIDs.openNotebook, { runId })}
          onClick={() => void commands.execute(CommandIDs.openNotebook, { runId })}
        >
          {trans.__('Open the notebook')}
        </button>
      </div>
      {notebook.cells.map((cell, index) => {
        const part = steps.get(index);
        const label =
          part?.step ?? (part?.role && part.role !== 'step' ? part.role : '');
        return (
          <div key={index} className="jp-lw-Source-cell">
            <span className="jp-lw-Source-step">{label}</span>
            <Cell cell={cell} />
          </div>
        );
      })}
    </div>
  );
}

/** A cell drawn by JupyterLab's own markdown, which colours code as editors do. */
function Cell({ cell }: { cell: ICell }): JSX.Element {
  const { rendermime } = usePanel();
  const host = useRef<HTMLDivElement>(null);
  const source = Array.isArray(cell.source) ? cell.source.join('') : cell.source;
  const code = cell.cell_type === 'code';
  useEffect(() => {
    const data = { 'text/markdown': code ? fenced(source) : source };
    const renderer = rendermime.createRenderer('text/markdown');
    let current = true;
    void renderer
      .renderModel(rendermime.createModel({ data, trusted: false }))
      .then(() => current && host.current?.replaceChildren(renderer.node));
    return () => {
      current = false;
      renderer.dispose();
    };
  }, [rendermime, source, code]);
  return <div ref={host} className="jp-lw-Source-text" />;
}

function fenced(source: string): string {
  const longest = Math.max(
    2,
    ...(source.match(/`+/g) ?? []).map(ticks => ticks.length)
  );
  const fence = '`'.repeat(longest + 1);
  return `${fence}python\n${source}\n${fence}`;
}
