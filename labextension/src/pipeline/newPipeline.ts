import type { JupyterFrontEnd } from '@jupyterlab/application';
import { PathExt } from '@jupyterlab/coreutils';
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { TranslationBundle } from '@jupyterlab/translation';

/** A notebook to begin with: parameters, and two steps that pass a value on. */
export function starterNotebook(trans: TranslationBundle): INotebookContent {
  const text = (source: string) => ({ cell_type: 'markdown', metadata: {}, source });
  const code = (source: string, tag: string) => ({
    cell_type: 'code',
    metadata: { tags: [tag] },
    source,
    outputs: [],
    execution_count: null
  });
  return {
    metadata: {
      kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' },
      language_info: { name: 'python' }
    },
    nbformat: 4,
    nbformat_minor: 4,
    cells: [
      text(`# ${trans.__('My pipeline')}`),
      code('count = 10', 'parameters'),
      text(`## ${trans.__('Prepare')}`),
      code('numbers = list(range(count))', 'step:prepare'),
      text(`## ${trans.__('Sum up')}`),
      code('total = sum(numbers)\ntotal', 'step:sum_up')
    ]
  };
}

/** Make the notebook in `folder` and open it. */
export async function newPipeline(
  app: JupyterFrontEnd,
  folder: string,
  trans: TranslationBundle
): Promise<void> {
  const { contents } = app.serviceManager;
  const made = await contents.newUntitled({ path: folder, type: 'notebook' });
  let path = made.path;
  for (let number = 1; number < 100; number++) {
    const name = number === 1 ? 'pipeline.ipynb' : `pipeline-${number}.ipynb`;
    try {
      path = (
        await contents.rename(made.path, PathExt.join(PathExt.dirname(made.path), name))
      ).path;
      break;
    } catch {
      // There is a notebook of that name.
    }
  }
  await contents.save(path, {
    type: 'notebook',
    format: 'json',
    content: starterNotebook(trans)
  });
  await app.commands.execute('docmanager:open', { path });
}
