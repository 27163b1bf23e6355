import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

interface IFault {
  readonly id: string;
  readonly nodes: readonly { html: string; failureSummary?: string }[];
}

/**
 * What axe finds in a part of the page that keeps people out.
 *
 * `colours`: look at them alone, where all else was looked at in another theme.
 */
export async function faults(
  page: Page,
  part: string,
  { colours = false } = {}
): Promise<IFault[]> {
  const axe = new AxeBuilder({ page })
    .include(part)
    // JupyterLab's own editors have no name.
    .exclude('.cm-content')
    // Nothing of ours is in a frame of another origin, for which axe opens a page each time.
    .setLegacyMode()
    .options({ resultTypes: ['violations'] });
  if (colours) {
    axe.withRules('color-contrast');
  }
  const { violations } = await axe.analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => ({
      id,
      nodes: nodes.slice(0, 5).map(({ html, failureSummary }) => ({
        html: html.slice(0, 300),
        failureSummary
      }))
    }));
}
