import { Fragment } from 'react';

import { runKey, type Run, type Step, type Value } from '../api';
import { CommandIDs } from '../tokens';
import { Bytes, Duration, StateIcon, stateLabel } from '../ui';
import { AnsiReader } from './ansi';
import { isActive } from './filter';
import { usePanel } from './hooks';
import { stepTitle } from './words';

export interface IStepDetailProps {
  run: Run;
  step: Step;
  onLog: () => void;
  onClose: () => void;
}

/** One step of a run: how it went, what it took and gave, and ways to look closer. */
export function StepDetail({
  run,
  step,
  onLog,
  onClose
}: IStepDetailProps): JSX.Element {
  const { trans, commands } = usePanel();
  const args = {
    runId: runKey(run),
    step: step.name,
    iteration: step.iteration ?? null
  };
  const look = step.cached ? 'cached' : step.state;
  return (
    <aside
      className="jp-lw-StepDetail"
      aria-label={trans.__('Step %1', stepTitle(step))}
    >
      <header>
        <StateIcon state={look} trans={trans} decorative />
        <h3>{stepTitle(step)}</h3>
        <button
          className="jp-lw-StepDetail-close"
          aria-label={trans.__('Close')}
          onClick={onClose}
        >
          ×
        </button>
      </header>
      <p className="jp-lw-StepDetail-state">
        {stateLabel(look, trans)}
        {!step.cached && step.started_at && (
          <>
            {' · '}
            <Duration
              start={step.started_at}
              end={isActive(step.state) ? null : step.finished_at}
            />
          </>
        )}
        {step.retries > 0 && ` · ${trans._n('%1 retry', '%1 retries', step.retries)}`}
      </p>
      <div className="jp-lw-StepDetail-actions">
        <button
          className="jp-mod-styled"
          disabled={!step.has_notebook}
          onClick={() => void commands.execute(CommandIDs.openExecuted, args)}
        >
          {trans.__('Executed notebook')}
        </button>
        <button
          className="jp-mod-styled"
          disabled={!step.has_notebook}
          onClick={() => void commands.execute(CommandIDs.openPage, args)}
        >
          {trans.__('As a page')}
        </button>
        <button className="jp-mod-styled" onClick={onLog}>
          {trans.__('Log')}
        </button>
      </div>
      {step.error && (
        <section className="jp-lw-StepDetail-error" role="alert">
          <strong>{step.error.ename}</strong>
          <p>{step.error.evalue}</p>
          {step.error.traceback && <Traceback text={step.error.traceback} />}
        </section>
      )}
      <Values title={trans.__('Inputs')} values={step.inputs} run={run} />
      <Values title={trans.__('Outputs')} values={step.outputs} run={run} />
    </aside>
  );
}

function Traceback({ text }: { text: string }): JSX.Element {
  const { trans } = usePanel();
  const reader = new AnsiReader();
  return (
    <details open>
      <summary>{trans.__('Traceback')}</summary>
      <div className="jp-RenderedText">
        {/* It scrolls, so the keyboard must get to it. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <pre tabIndex={0}>
          {text.split('\n').map((line, i) => (
            <Fragment key={i}>
              {reader.read(line).spans.map((span, j) => (
                <span
                  key={j}
                  className={span.className}
                  style={{ color: span.color, background: span.background }}
                >
                  {span.text}
                </span>
              ))}
              {'\n'}
            </Fragment>
          ))}
        </pre>
      </div>
    </details>
  );
}

export interface IValuesProps {
  title: string;
  values: readonly Value[];
  run: Run;
}

/** Inputs or outputs, with a glance at each. */
export function Values({ title, values, run }: IValuesProps): JSX.Element | null {
  const { trans, client } = usePanel();
  if (!values.length) {
    return null;
  }
  return (
    <section className="jp-lw-Values">
      <h4>{title}</h4>
      <dl>
        {values.map(value => (
          <div key={value.name}>
            <dt>
              <code>{value.name}</code>
              {value.type && <span className="jp-lw-Values-type">{value.type}</span>}
              {value.bytes != null && <Bytes value={value.bytes} />}
              {value.from && (
                <span className="jp-lw-Values-from">
                  {trans.__('from %1', value.from)}
                </span>
              )}
              {value.artifact && (
                <a
                  href={client.fileUrl(runKey(run), value.artifact)}
                  download
                  aria-label={trans.__('Download %1', value.name)}
                >
                  {trans.__('Download')}
                </a>
              )}
            </dt>
            {value.preview != null && (
              <dd>
                <pre>{value.preview}</pre>
              </dd>
            )}
          </div>
        ))}
      </dl>
    </section>
  );
}
