import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

export const pipelinePlugins: JupyterFrontEndPlugin<unknown>[] = [];
