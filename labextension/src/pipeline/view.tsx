import type { TranslationBundle } from '@jupyterlab/translation';
import { editIcon, fastForwardIcon, settingsIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { ReactNode, useState } from 'react';

import { type Graph, isFinal } from '../api/client';
import { nameFromFile } from '../cells/marks';
import { ParameterForm } from '../dialogs/parameters';
import { readForm } from '../dialogs/values';
import { PipelineGraph } from '../graph';
import { CommandIDs } from '../tokens';
import { EmptyState, ErrorBox } from '../ui';
import { Act, IconAct } from './act';
import { cssColour } from './colours';
import { upToIcon } from './icons';
import type { NotebookPipeline } from './model';
import { Remarks } from './remarks';
import { statesOf, valuesOf } from './states';
import { StepList } from './stepList';

interface IProps {
  readonly pipeline: NotebookPipeline | null;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
}

/** The pipeline of the notebook in front. */
export function PipelineView({ pipeline, commands, trans }: IProps): JSX.Element {
  if (!pipeline) {
    return (
      <EmptyState title={trans.__('No notebook is open')}>
        <p>{trans.__('Open one to see its pipeline, or start a new one.')}</p>
        <Act id={CommandIDs.newPipeline} commands={commands}>
          {trans.__('New pipeline notebook')}
        </Act>
      </EmptyState>
    );
  }
  if (!pipeline.marked) {
    return (
      <EmptyState title={trans.__('This notebook has no steps yet')}>
        <p>
          {trans.__(
            'Name the step that a cell begins, and the cells below belong to it. What passes between steps is found by reading the code.'
          )}
        </p>
        <div className="jp-lw-Actions jp-mod-centered">
          <Act id={CommandIDs.suggestSteps} commands={commands} primary>
            {trans.__('Suggest steps')}
          </Act>
          <Act id={CommandIDs.markStep} commands={commands}>
            {trans.__('Mark this cell…')}
          </Act>
        </div>
      </EmptyState>
    );
  }
  return (
    <Marked
      key={pipeline.panel.id}
      pipeline={pipeline}
      commands={commands}
      trans={trans}
    />
  );
}

function Marked({
  pipeline,
  commands,
  trans
}: IProps & { pipeline: NotebookPipeline }) {
  const [listed, setListed] = useState(false);
  const { graph, analysis, failure, preview, selected } = pipeline;
  const colours: Record<string, string> = {};
  pipeline.colours.forEach((colour, step) => {
    colours[step] = cssColour(colour);
  });
  const select = (step: string): void => {
    pipeline.selected = step;
    void commands.execute(CommandIDs.goToStep, { step });
  };
  const open = (step: string): void => {
    pipeline.selected = step;
    void commands.execute(CommandIDs.showInspector);
  };
  const active =
    pipeline.lastRun && !isFinal(pipeline.lastRun.state) ? pipeline.lastRun : null;
  const { problems } = readForm(graph?.parameters ?? [], pipeline.texts);
  const blocked = Object.keys(problems).length > 0 || analysis?.error != null;
  const pending = preview?.filter(step => step.state !== 'cached').length ?? null;
  const said = summary(pipeline, pending, trans);
  return (
    <div className="jp-lw-Pipeline">
      <div className="jp-lw-Pipeline-head">
        <div className="jp-lw-Pipeline-title">
          <strong title={pipeline.path}>
            {graph?.name ?? nameFromFile(pipeline.path)}
          </strong>
          <span className="jp-lw-muted" aria-live="polite" title={said}>
            {said}
          </span>
        </div>
        <div className="jp-lw-Actions">
          <Act id={CommandIDs.run} commands={commands} primary disabled={blocked}>
            {trans.__('Run')}
          </Act>
          <Act
            id={CommandIDs.runWith}
            commands={commands}
            disabled={analysis?.error != null}
          >
            {trans.__('Run with…')}
          </Act>
        </div>
      </div>
      {failure && (
        <ErrorBox
          title={trans.__('The notebook could not be analysed')}
          error={failure}
        />
      )}
      {analysis?.error && (
        <ErrorBox
          title={trans.__('This is no pipeline yet')}
          error={analysis.error.message}
        >
          {analysis.error_cell != null && (
            <Act
              id={CommandIDs.goToStep}
              args={{ cell: analysis.error_cell }}
              commands={commands}
            >
              {trans.__('Show cell %1', analysis.error_cell + 1)}
            </Act>
          )}
        </ErrorBox>
      )}
      {pipeline.refusal && (
        <ErrorBox
          title={trans.__('It cannot run as it stands')}
          error={pipeline.refusal}
        />
      )}
      {graph && (
        <>
          <div
            className="jp-lw-Pipeline-switch"
            role="radiogroup"
            aria-label={trans.__('View')}
          >
            <Switch on={!listed} onClick={() => setListed(false)}>
              {trans.__('Graph')}
            </Switch>
            <Switch on={listed} onClick={() => setListed(true)}>
              {trans.__('List')}
            </Switch>
          </div>
          <div
            className="jp-lw-Pipeline-graph"
            data-list={listed}
            data-behind={analysis?.error != null}
          >
            {listed ? (
              <StepList
                pipeline={pipeline}
                onSelect={select}
                onOpen={open}
                trans={trans}
              />
            ) : (
              <PipelineGraph
                graph={withoutParameters(graph)}
                trans={trans}
                preview={preview ? [...preview] : undefined}
                states={active ? statesOf(active.steps) : undefined}
                values={pipeline.lastRun ? valuesOf(pipeline.lastRun.steps) : undefined}
                selected={selected}
                onSelect={select}
                onOpen={open}
                orientation="vertical"
                colours={colours}
              />
            )}
          </div>
        </>
      )}
      {graph && selected && (
        <Selected pipeline={pipeline} commands={commands} trans={trans} />
      )}
      {graph && graph.parameters.length > 0 && (
        <details open className="jp-lw-Fold">
          <summary>{trans.__('Parameters')}</summary>
          <ParameterForm
            parameters={graph.parameters}
            texts={pipeline.texts}
            onChange={texts => {
              pipeline.texts = texts;
            }}
            trans={trans}
          />
        </details>
      )}
      <Remarks pipeline={pipeline} commands={commands} trans={trans} />
    </div>
  );
}

/** What can be done with the selected step. */
function Selected({
  pipeline,
  commands,
  trans
}: IProps & { pipeline: NotebookPipeline }) {
  const step = pipeline.selected!;
  const preview = pipeline.preview?.find(one => one.name === step);
  return (
    <div
      className="jp-lw-Pipeline-selected"
      role="group"
      aria-label={trans.__('Step %1', step)}
    >
      <span
        className="jp-lw-CellChip-dot"
        style={{ background: cssColour(pipeline.colours.get(step)) }}
        aria-hidden
      />
      <strong title={step}>{step}</strong>
      <div className="jp-lw-Actions">
        <IconAct
          id={CommandIDs.runFromHere}
          args={{ step }}
          icon={fastForwardIcon}
          label={trans.__('Run %1 and all after it anew', step)}
          commands={commands}
        />
        <IconAct
          id={CommandIDs.runUpToHere}
          args={{ step }}
          icon={upToIcon}
          label={trans.__('Run %1 and what it needs', step)}
          commands={commands}
        />
        <IconAct
          id={CommandIDs.renameStep}
          args={{ step }}
          icon={editIcon}
          label={trans.__('Rename %1', step)}
          commands={commands}
        />
        <IconAct
          id={CommandIDs.showInspector}
          icon={settingsIcon}
          label={trans.__('Settings of %1', step)}
          commands={commands}
        />
      </div>
      {preview?.why && <span className="jp-lw-muted">{preview.why}</span>}
    </div>
  );
}

function Switch(props: {
  on: boolean;
  onClick: () => void;
  children: ReactNode;
}): JSX.Element {
  return (
    <button type="button" role="radio" aria-checked={props.on} onClick={props.onClick}>
      {props.children}
    </button>
  );
}

/** The panel lists parameters below the graph, which has more room without them. */
function withoutParameters(graph: Graph): Graph {
  return { ...graph, parameters: [] };
}

function summary(
  pipeline: NotebookPipeline,
  pending: number | null,
  trans: TranslationBundle
): string {
  const count = pipeline.graph?.steps.length ?? pipeline.steps.length;
  const steps = trans._n('%1 step', '%1 steps', count);
  if (pending === null) {
    return steps;
  }
  return pending === 0
    ? trans.__('%1, all from the cache', steps)
    : trans.__('%1, %2 to run', steps, pending);
}
