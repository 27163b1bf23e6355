import { LabIcon } from '@jupyterlab/ui-components';

/** Run as far as a line. */
export const upToIcon = new LabIcon({
  name: 'labwright:up-to',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M5 18l9-6-9-6v12zM16 6h2.4v12H16z"/>
</svg>`
});
