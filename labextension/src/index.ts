import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { pipelinePlugins } from './pipeline';
import { runsPlugins } from './runs';
import { serversPlugins } from './servers';
import { sidebarPlugin } from './sidebar';
import { workbenchPlugin } from './workbench';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  workbenchPlugin,
  sidebarPlugin,
  ...pipelinePlugins,
  ...runsPlugins,
  ...serversPlugins
];

export default plugins;
