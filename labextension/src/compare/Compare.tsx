import type { CodeEditor } from '@jupyterlab/codeeditor';
import type { ITranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';

import { runKey, type Comparison, type RunSummary } from '../api';
import { isActive } from '../runs/filter';
import { usePanel } from '../runs/hooks';
import { ago, formatValue, moment } from '../runs/words';
import { CommandIDs } from '../tokens';
import {
  Duration,
  EmptyState,
  ErrorBox,
  StateIcon,
  formatDuration,
  stateLabel,
  type AnyState
} from '../ui';
import { changedCells, rows, stepRows, type Row } from './view';

export interface ICompareProps {
  left: string;
  right: string;
  editorFactory?: CodeEditor.Factory;
  translator: ITranslator;
}

/** Two runs side by side. */
export function Compare(props: ICompareProps): JSX.Element {
  const { trans } = usePanel();
  const { left, right } = props;
  const { comparison, error } = useComparison(left, right);
  if (error) {
    return <ErrorBox title={trans.__('The runs cannot be compared')} error={error} />;
  }
  if (!comparison) {
    return <div className="jp-lw-Compare" aria-busy />;
  }
  const { parameters, metrics, steps } = comparison;
  return (
    <div className="jp-lw-Compare">
      <div className="jp-lw-Compare-heads">
        <Head run={comparison.left} />
        <Head run={comparison.right} />
      </div>
      <Values title={trans.__('Parameters')} rows={rows(parameters)} />
      <Values title={trans.__('Metrics')} rows={rows(metrics)} />
      {steps.length > 0 && <Steps comparison={comparison} />}
      <Code comparison={comparison} {...props} />
    </div>
  );
}

/** Read at first, and again when one of the two changes. */
function useComparison(
  left: string,
  right: string
): { comparison: Comparison | null; error: unknown } {
  const { client, runs, trans } = usePanel();
  const [comparison, setComparison] = useState<Comparison | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    let turn = 0;
    let before = '';
    const read = (): void => {
      const mine = ++turn;
      client.compare(left, right).then(
        found => {
          if (mine === turn) {
            setComparison(found);
            setError(null);
          }
        },
        reason => mine === turn && setError(reason)
      );
    };
    const look = (): void => {
      const states = [left, right].map(id => runs.listing.get(id)?.state);
      const now = JSON.stringify(states);
      if (now !== before && before !== '') {
        if (states.includes(undefined)) {
          turn += 1;
          setError(new Error(trans.__('One of the two was deleted.')));
        } else {
          read();
        }
      }
      before = now;
    };
    look();
    read();
    runs.changed.connect(look);
    return () => {
      turn = -1;
      runs.changed.disconnect(look);
    };
  }, [client, runs, trans, left, right]);
  return { comparison, error };
}

function Head({ run }: { run: RunSummary }): JSX.Element {
  const { trans, commands } = usePanel();
  return (
    <div className="jp-lw-Compare-head">
      <StateIcon state={run.state} trans={trans} />
      <div>
        <button
          className="jp-lw-Link"
          onClick={() =>
            void commands.execute(CommandIDs.openRun, { runId: runKey(run) })
          }
        >
          {run.name}
        </button>
        <div className="jp-lw-Compare-facts">
          <code>{run.run_id}</code>
          <span title={moment(run.created_at)}>{ago(run.created_at)}</span>
          <Duration
            start={run.started_at}
            end={isActive(run.state) ? null : run.finished_at}
          />
        </div>
      </div>
    </div>
  );
}

function Values({
  title,
  rows: given
}: {
  title: string;
  rows: Row[];
}): JSX.Element | null {
  const { trans } = usePanel();
  if (!given.length) {
    return null;
  }
  return (
    <Pairs title={title} first={trans.__('Name')}>
      {given.map(row => (
        <tr key={row.name} className={row.equal ? 'jp-mod-equal' : 'jp-mod-changed'}>
          <th scope="row">{row.name}</th>
          <td>
            <code>{row.left === null ? '–' : formatValue(row.left)}</code>
          </td>
          <td>
            <code>{row.right === null ? '–' : formatValue(row.right)}</code>
          </td>
          <td>
            {row.equal
              ? trans.__('same')
              : row.change === null
                ? trans.__('changed')
                : signed(row.change, formatValue)}
          </td>
        </tr>
      ))}
    </Pairs>
  );
}

function Steps({ comparison }: { comparison: Comparison }): JSX.Element {
  const { trans } = usePanel();
  return (
    <Pairs title={trans.__('Step times')} first={trans.__('Step')}>
      {stepRows(comparison.steps).map(step => (
        <tr key={step.name}>
          <th scope="row">{step.name}</th>
          <Time
            state={step.left_cached ? 'cached' : step.left}
            seconds={step.left_seconds}
            share={step.leftShare}
          />
          <Time
            state={step.right_cached ? 'cached' : step.right}
            seconds={step.right_seconds}
            share={step.rightShare}
          />
          <td>{step.change === null ? '' : signed(step.change, formatDuration)}</td>
        </tr>
      ))}
    </Pairs>
  );
}

interface IPairsProps {
  title: string;
  /** What the first column holds. */
  first: string;
  children: ReactNode;
}

/** A table with a column for each run. */
function Pairs({ title, first, children }: IPairsProps): JSX.Element {
  const { trans } = usePanel();
  return (
    <section>
      <h3>{title}</h3>
      <table className="jp-lw-Table jp-lw-Compare-table" aria-label={title}>
        <thead>
          <tr>
            <th scope="col">{first}</th>
            <th scope="col">{trans.__('Left')}</th>
            <th scope="col">{trans.__('Right')}</th>
            <th scope="col">{trans.__('Change')}</th>
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

interface ITimeProps {
  state: AnyState | null;
  seconds: number | null;
  share: number;
}

function Time({ state, seconds, share }: ITimeProps): JSX.Element {
  const { trans } = usePanel();
  return (
    <td data-lw-state={state ?? undefined}>
      {state === null ? (
        trans.__('not there')
      ) : (
        <div className="jp-lw-Compare-time">
          <StateIcon state={state} trans={trans} />
          <span>
            {seconds === null ? stateLabel(state, trans) : formatDuration(seconds)}
          </span>
          <i style={{ width: `${share * 40}%` }} aria-hidden />
        </div>
      )}
    </td>
  );
}

function signed(change: number, format: (value: number) => string): string {
  const sign = change > 0 ? '+' : change < 0 ? '−' : '±';
  return sign + format(Math.abs(change));
}

interface ICodeProps extends ICompareProps {
  comparison: Comparison;
}

function Code({ comparison, editorFactory, translator }: ICodeProps): JSX.Element {
  const { trans, rendermime } = usePanel();
  const host = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<unknown>(null);
  const [all, setAll] = useState(false);
  const { base, diff } = comparison;
  const count = changedCells(diff);
  // Lumino wants to take its widget from the page before React takes the host.
  useLayoutEffect(() => {
    if (!base || !diff || !count) {
      return;
    }
    let widget: Widget | null = null;
    let current = true;
    import('./notebookDiff').then(
      ({ notebookDiff }) => {
        if (current && host.current) {
          const label = trans.__('Code of a cell');
          widget = notebookDiff({
            base,
            diff,
            label,
            rendermime,
            editorFactory,
            translator
          });
          Widget.attach(widget, host.current);
        }
      },
      reason => current && setError(reason)
    );
    return () => {
      current = false;
      if (widget) {
        Widget.detach(widget);
        widget.dispose();
      }
    };
  }, [base, diff, count, rendermime, editorFactory, translator, trans]);
  return (
    <section>
      <h3>{trans.__('Code')}</h3>
      {!base || !diff ? (
        <EmptyState
          title={trans.__('One of the runs has no notebook to compare with')}
        />
      ) : count === 0 ? (
        <p className="jp-lw-Compare-same">{trans.__('The code is the same.')}</p>
      ) : (
        <>
          <div className="jp-lw-Compare-codebar">
            <span>{trans._n('%1 cell changed', '%1 cells changed', count)}</span>
            <label>
              <input
                type="checkbox"
                checked={all}
                onChange={event => setAll(event.target.checked)}
              />
              {trans.__('Show unchanged cells')}
            </label>
          </div>
          {error ? (
            <ErrorBox title={trans.__('The diff could not be drawn')} error={error} />
          ) : (
            <div
              ref={host}
              className={`jp-lw-Compare-code${all ? '' : ' jp-mod-brief'}`}
            />
          )}
        </>
      )}
    </section>
  );
}
