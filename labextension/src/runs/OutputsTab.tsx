import { useEffect, useMemo, useState } from 'react';

import { runKey, type Run, type RunSummary } from '../api';
import { EmptyState, stateLabel } from '../ui';
import { usePanel, useSignal } from './hooks';
import { Plot } from './Plot';
import { isNumber, numbersOf, points, siblings } from './series';
import { Values } from './StepDetail';
import { formatValue, stepTitle } from './words';

const MOST = 500;

/** What came out: metrics, how they went over the runs, and each step's outputs. */
export function OutputsTab({ run }: { run: Run }): JSX.Element {
  const { trans } = usePanel();
  const metrics = Object.entries(run.metrics);
  const outputs = Object.entries(run.outputs).filter(
    ([name]) => !(name in run.metrics)
  );
  const steps = run.steps.filter(step => step.outputs.length);
  if (!metrics.length && !outputs.length && !steps.length) {
    return (
      <EmptyState title={trans.__('Nothing came out yet')}>
        <p>
          {trans.__(
            'Tag a cell `metrics` to follow the numbers named in it from run to run.'
          )}
        </p>
      </EmptyState>
    );
  }
  return (
    <div className="jp-lw-Outputs">
      {metrics.length > 0 && <Metrics run={run} />}
      {outputs.length > 0 && (
        <section>
          <h3>{trans.__('Outputs of the run')}</h3>
          <Table rows={outputs} />
        </section>
      )}
      {steps.map(step => (
        <Values
          key={stepTitle(step)}
          title={trans.__('Outputs of %1', stepTitle(step))}
          values={step.outputs}
          run={run}
        />
      ))}
    </div>
  );
}

function Metrics({ run }: { run: Run }): JSX.Element {
  const { trans } = usePanel();
  const history = useSiblings(run);
  const [chosen, setChosen] = useState<string | null>(null);
  const [over, setOver] = useState<string | null>(null);
  const entries = Object.entries(run.metrics);
  const numbers = entries.filter(([, value]) => isNumber(value)).map(([name]) => name);
  const metric = chosen ?? numbers[0];
  const before = [...history]
    .reverse()
    .find(other => other.created_at < run.created_at);
  const line = metric === undefined ? [] : points(history, metric, over);
  return (
    <section>
      <h3>{trans.__('Metrics')}</h3>
      <div className="jp-lw-Metrics" role="group" aria-label={trans.__('Metrics')}>
        {entries.map(([name, value]) => (
          <button
            key={name}
            className="jp-lw-Metric"
            disabled={!isNumber(value)}
            aria-pressed={name === metric}
            onClick={() => setChosen(name)}
          >
            <span className="jp-lw-Metric-name">{name}</span>
            <span className="jp-lw-Metric-value">{formatValue(value)}</span>
            <Change value={value} before={before?.metrics[name]} />
          </button>
        ))}
      </div>
      {metric !== undefined && line.length > 1 && (
        <>
          <div className="jp-lw-Outputs-over">
            <h4>{trans.__('%1 over %2 runs', metric, line.length)}</h4>
            <label>
              {trans.__('Over')}{' '}
              <select
                className="jp-lw-Select"
                value={over ?? ''}
                onChange={event => setOver(event.target.value || null)}
              >
                <option value="">{trans.__('runs in their order')}</option>
                {numbersOf(history, 'parameters').map(name => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <Plot points={line} metric={metric} over={over} current={runKey(run)} />
          <details className="jp-lw-Outputs-table">
            <summary>{trans.__('As a table')}</summary>
            <table className="jp-lw-Table">
              <thead>
                <tr>
                  <th scope="col">{trans.__('Run')}</th>
                  <th scope="col">{over ?? '#'}</th>
                  <th scope="col">{metric}</th>
                  <th scope="col">{trans.__('State')}</th>
                </tr>
              </thead>
              <tbody>
                {line.map(point => (
                  <tr key={runKey(point.run)}>
                    <th scope="row">{point.run.run_id}</th>
                    <td>{formatValue(point.x)}</td>
                    <td>{formatValue(point.y)}</td>
                    <td>{stateLabel(point.run.state, trans)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
        </>
      )}
    </section>
  );
}

function Change({ value, before }: { value: unknown; before: unknown }): JSX.Element {
  const { trans } = usePanel();
  if (!isNumber(value) || !isNumber(before)) {
    return <span className="jp-lw-Metric-change" />;
  }
  const change = value - before;
  const sign = change > 0 ? '+' : change < 0 ? '−' : '±';
  return (
    <span className="jp-lw-Metric-change">
      {trans.__('%1 to the run before', sign + formatValue(Math.abs(change)))}
    </span>
  );
}

export function Table({ rows }: { rows: [string, unknown][] }): JSX.Element {
  return (
    <table className="jp-lw-Table">
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <code>{formatValue(value)}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Runs of the same pipeline, the oldest first: read once, and then kept current by the model. */
function useSiblings(run: RunSummary): RunSummary[] {
  const { runs, client, events } = usePanel();
  const [read, setRead] = useState<readonly RunSummary[]>([]);
  const { notebook, name } = run;
  useSignal(runs.changed);
  useEffect(() => {
    const abort = new AbortController();
    const load = (): void => {
      client
        .runs({ text: notebook ?? name, limit: MOST }, abort.signal)
        .then(list => setRead(list.runs))
        .catch(() => undefined); // what the model knows is drawn all the same
    };
    load();
    events.resync.connect(load);
    return () => {
      abort.abort();
      events.resync.disconnect(load);
    };
  }, [client, events, notebook, name]);
  const known = runs.summaries;
  return useMemo(() => {
    const all = new Map([...read, ...known].map(one => [runKey(one), one]));
    return siblings(run, all.values());
  }, [run, read, known]);
}
