import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

export const runsPlugins: JupyterFrontEndPlugin<unknown>[] = [];
