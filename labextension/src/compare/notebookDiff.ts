/** nbdime's drawing of a notebook diff: a chunk of its own, loaded when one is first shown. */
import 'nbdime/lib/common/collapsible.css';
import 'nbdime/lib/styles/common.css';
import 'nbdime/lib/styles/diff.css';
import 'nbdime/lib/styles/variables.css';

import type { CodeEditor } from '@jupyterlab/codeeditor';
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ITranslator } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';
import { NotebookDiffModel } from 'nbdime/lib/diff/model';
import { NotebookDiffWidget } from 'nbdime/lib/diff/widget';

import type { Comparison } from '../api';

export interface INotebookDiffOptions {
  base: NonNullable<Comparison['base']>;
  diff: NonNullable<Comparison['diff']>;
  /** What a screen reader says of each editor. */
  label: string;
  rendermime: IRenderMimeRegistry;
  editorFactory?: CodeEditor.Factory;
  translator?: ITranslator;
}

export function notebookDiff(options: INotebookDiffOptions): Widget {
  const { base, diff, label, ...others } = options;
  const model = new NotebookDiffModel(
    base as unknown as INotebookContent,
    diff as unknown as ConstructorParameters<typeof NotebookDiffModel>[1]
  );
  const widget = new NotebookDiffWidget({ model, ...others });
  widget.addClass('nbdime-root');
  void widget.init().then(() => {
    for (const editor of widget.node.querySelectorAll('.cm-content')) {
      editor.setAttribute('aria-label', label);
    }
  });
  return widget;
}
