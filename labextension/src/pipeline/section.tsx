import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';

import { moveToStep } from '../cells/edits';
import { confirmEdit } from '../dialogs/confirm';
import type { IWorkbench } from '../tokens';
import { Section } from '../ui';
import { acceptCells } from './drop';
import type { Pipelines } from './tracker';
import { PipelineView } from './view';

class PipelineContent extends ReactWidget {
  constructor(
    private readonly _pipelines: Pipelines,
    private readonly _workbench: IWorkbench,
    private readonly _commands: CommandRegistry
  ) {
    super();
    _pipelines.changed.connect(() => this.update());
    // Cells of another notebook than the one shown have no place here.
    acceptCells(this, async (cells, step) => {
      const pipeline = _pipelines.current;
      if (pipeline) {
        const { widgets } = pipeline.panel.content;
        const indexes = cells
          .map(cell => widgets.indexOf(cell))
          .filter(index => index >= 0);
        const edit = moveToStep(pipeline.cells, indexes, step);
        if (edit.changes.length > 0 && (await confirmEdit(edit, _workbench.trans))) {
          pipeline.apply(edit);
        }
      }
    });
  }

  protected render(): JSX.Element {
    return (
      <PipelineView
        pipeline={this._pipelines.current}
        commands={this._commands}
        trans={this._workbench.trans}
      />
    );
  }
}

/** The section "Pipeline" of the left sidebar. */
export function pipelineSection(
  pipelines: Pipelines,
  workbench: IWorkbench,
  commands: CommandRegistry
): Section {
  const { trans } = workbench;
  return new Section({
    id: 'labwright-pipeline',
    label: trans.__('Pipeline'),
    caption: trans.__('The pipeline of the notebook in front'),
    content: new PipelineContent(pipelines, workbench, commands)
  });
}
