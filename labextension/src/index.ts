import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { pipelinePlugins } from './pipeline';
import { runsPlugins } from './runs';
import { sidebarPlugin } from './sidebar';
import { workbenchPlugin } from './workbench';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  workbenchPlugin,
  sidebarPlugin,
  ...pipelinePlugins,
  ...runsPlugins
];

export default plugins;
