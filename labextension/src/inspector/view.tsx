import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { JSONObject, PartialJSONObject } from '@lumino/coreutils';
import { useEffect, useRef, useState } from 'react';

import { GraphStep, Run, runKey, Value } from '../api/client';
import { setSettings } from '../cells/edits';
import { cssColour } from '../pipeline/colours';
import type { NotebookPipeline } from '../pipeline/model';
import { RemarkList } from '../pipeline/remarks';
import { Act } from '../pipeline/act';
import { CommandIDs } from '../tokens';
import {
  Bytes,
  Duration,
  EmptyState,
  ErrorBoundary,
  nameFields,
  SchemaForm,
  StateIcon,
  stateLabel
} from '../ui';
import { countSet, groupData, GroupName, groups, IGroup, withGroup } from './groups';

interface IProps {
  readonly pipeline: NotebookPipeline | null;
  readonly schema: PartialJSONObject | null;
  readonly commands: CommandRegistry;
  readonly translator: ITranslator;
  readonly trans: TranslationBundle;
}

/** One step of the notebook in front: what it takes and gives, and its settings. */
export function Inspector(props: IProps): JSX.Element {
  const { pipeline, trans } = props;
  const step = pipeline?.selected ?? null;
  if (!pipeline?.marked || step === null) {
    return (
      <EmptyState title={trans.__('No step is selected')}>
        <p>{trans.__('Select a cell of a step, or a step in the graph.')}</p>
      </EmptyState>
    );
  }
  return (
    <StepView
      key={`${pipeline.panel.id} ${step}`}
      {...props}
      pipeline={pipeline}
      step={step}
    />
  );
}

function StepView(
  props: IProps & { readonly pipeline: NotebookPipeline; readonly step: string }
): JSX.Element {
  const { pipeline, step, schema, commands, translator, trans } = props;
  const found = pipeline.step(step);
  const remarks = pipeline.remarksOfStep(step);
  const cells = pipeline.marks.filter(mark => mark.step === step);
  return (
    <div className="jp-lw-Inspector">
      <div className="jp-lw-Inspector-head">
        <span
          className="jp-lw-CellChip-dot"
          style={{ background: cssColour(pipeline.colours.get(step)) }}
          aria-hidden
        />
        <h2 title={step}>{step}</h2>
        <span className="jp-lw-muted">
          {trans._n('%1 cell', '%1 cells', cells.length)}
        </span>
        <Act id={CommandIDs.renameStep} args={{ step }} commands={commands}>
          {trans.__('Rename…')}
        </Act>
      </div>
      {remarks.length > 0 && (
        <RemarkList remarks={remarks} commands={commands} trans={trans} />
      )}
      {pipeline.lastRun && (
        <LastRun run={pipeline.lastRun} step={step} commands={commands} trans={trans} />
      )}
      {found && <Interface step={found} run={pipeline.lastRun} trans={trans} />}
      {schema && (
        <Settings
          pipeline={pipeline}
          step={step}
          schema={schema}
          translator={translator}
          trans={trans}
        />
      )}
    </div>
  );
}

/** What became of the step in the newest run. */
function LastRun(props: {
  run: Run;
  step: string;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { run, step, commands, trans } = props;
  const turns = run.steps.filter(one => one.name === step);
  const [done] = turns;
  if (!done) {
    return null;
  }
  return (
    <section className="jp-lw-Inspector-run">
      <h3>{trans.__('In the last run')}</h3>
      <div className="jp-lw-Line">
        <StateIcon
          state={done.cached ? 'cached' : done.state}
          trans={trans}
          decorative
        />
        <span>{stateLabel(done.cached ? 'cached' : done.state, trans)}</span>
        {!done.cached && <Duration start={done.started_at} end={done.finished_at} />}
        {turns.length > 1 && (
          <span className="jp-lw-muted">
            {trans.__('first of %1 turns', turns.length)}
          </span>
        )}
      </div>
      {done.error && (
        <p className="jp-lw-Inspector-error">
          {done.error.ename}: {done.error.evalue}
        </p>
      )}
      <div className="jp-lw-Actions">
        <Act id={CommandIDs.openRun} args={{ runId: runKey(run) }} commands={commands}>
          {trans.__('Open run')}
        </Act>
        {done.has_notebook && (
          <Act
            id={CommandIDs.openExecuted}
            args={{ runId: runKey(run), step, iteration: done.iteration ?? null }}
            commands={commands}
          >
            {trans.__('Executed notebook')}
          </Act>
        )}
      </div>
    </section>
  );
}

/** What the step takes and gives, with types and sizes once a run has told them. */
function Interface(props: {
  step: GraphStep;
  run: Run | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { step, run, trans } = props;
  const done = run?.steps.find(one => one.name === step.name);
  const row = (name: string, value: Value | undefined, from?: string): JSX.Element => (
    <tr key={`${name} ${from ?? ''}`}>
      <th scope="row">
        <code>{name}</code>
      </th>
      <td>{from}</td>
      <td className="jp-lw-muted" title={value?.preview ?? ''}>
        {value?.type}
      </td>
      <td className="jp-lw-muted">
        {value?.bytes != null && <Bytes value={value.bytes} />}
      </td>
    </tr>
  );
  const nothing = <p className="jp-lw-muted">{trans.__('nothing')}</p>;
  return (
    <>
      <section>
        <h3>{trans.__('Takes')}</h3>
        {step.inputs.length === 0 ? (
          nothing
        ) : (
          <table className="jp-lw-Interface">
            <tbody>
              {step.inputs.map(input =>
                row(
                  input.name,
                  done?.inputs.find(one => one.name === input.name),
                  input.from ?? trans.__('parameter')
                )
              )}
            </tbody>
          </table>
        )}
      </section>
      <section>
        <h3>{trans.__('Gives')}</h3>
        {step.outputs.length === 0 ? (
          nothing
        ) : (
          <table className="jp-lw-Interface">
            <tbody>
              {step.outputs.map(name =>
                row(
                  name,
                  done?.outputs.find(one => one.name === name)
                )
              )}
            </tbody>
          </table>
        )}
      </section>
    </>
  );
}

const WRITE_AFTER = 400;

function Settings(props: {
  pipeline: NotebookPipeline;
  step: string;
  schema: PartialJSONObject;
  translator: ITranslator;
  trans: TranslationBundle;
}): JSX.Element {
  const { pipeline, step, schema, translator, trans } = props;
  const first = pipeline.marks.find(mark => mark.step === step);
  const settings = (first && pipeline.cells[first.index]?.settings) ?? {};
  const written = useRef<PartialJSONObject>(settings);
  const timer = useRef(0);
  // A change from elsewhere, an undo say, begins the forms anew; their own must not.
  const version = useRef(0);
  if (
    timer.current === 0 &&
    JSON.stringify(written.current) !== JSON.stringify(settings)
  ) {
    written.current = settings;
    version.current++;
  }
  const [list] = useState(() => groups(schema));
  const write = (group: IGroup, data: JSONObject, valid: boolean): void => {
    if (!valid) {
      return; // the form says what is wrong with it
    }
    written.current = withGroup(written.current, group, data);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      timer.current = 0;
      pipeline.apply(setSettings(pipeline.cells, step, written.current));
    }, WRITE_AFTER);
  };
  const forms = useRef<HTMLElement>(null);
  useEffect(() => nameFields(forms.current!), []);
  const lines = pipeline.marks.filter(
    mark => mark.step === step && mark.line?.hasFlags
  );
  const titles: Record<GroupName, string> = {
    flow: trans.__('When it runs'),
    compute: trans.__('What it needs'),
    care: trans.__('Cache and retries'),
    data: trans.__('Folders, variables, secrets'),
    cluster: trans.__('On a cluster')
  };
  return (
    <section ref={forms}>
      <h3>{trans.__('Settings')}</h3>
      {lines.map(mark => (
        <p key={mark.id} className="jp-lw-Notice">
          {trans.__('Set in the text of cell %1:', mark.index + 1)}{' '}
          <code>{mark.line!.text}</code>
        </p>
      ))}
      {list.map(group => {
        const count = countSet(settings, group.keys);
        return (
          <details
            key={`${group.name} ${version.current}`}
            className="jp-lw-Fold"
            open={count > 0}
          >
            <summary>
              {titles[group.name]}
              {count > 0 && <span className="jp-lw-Count">{count}</span>}
            </summary>
            <ErrorBoundary trans={trans}>
              <SchemaForm
                schema={group.schema as JSONObject}
                data={groupData(settings, group.keys) as JSONObject}
                translator={translator}
                onChange={(data, valid) => write(group, data, valid)}
              />
            </ErrorBoundary>
          </details>
        );
      })}
    </section>
  );
}
