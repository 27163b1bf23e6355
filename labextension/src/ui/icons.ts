import { LabIcon } from '@jupyterlab/ui-components';

import mark from '../../style/labwright.svg';

/** Three steps and the data between them. */
export const labwrightIcon = new LabIcon({ name: 'labwright:mark', svgstr: mark });
