import { LabIcon } from '@jupyterlab/ui-components';

/** Two machines, one above the other. */
export const serverMark = new LabIcon({
  name: 'labwright:server',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">' +
    '<g class="jp-icon3" fill="#616161">' +
    '<path d="M4 3h16a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zm2 3v2h3V6zm6 0v2h2V6z"/>' +
    '<path d="M4 13h16a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1zm2 3v2h3v-2zm6 0v2h2v-2z"/>' +
    '</g></svg>'
});
