import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Lab } from './lab.mjs';

export interface ICell {
  source: string;
  tags?: string[];
  markdown?: boolean;
  /** The step's settings. */
  labwright?: object;
}

export const code = (source: string, ...tags: string[]): ICell => ({ source, tags });
export const text = (source: string): ICell => ({ source, markdown: true });

/** Write a notebook into the folder that the server serves. */
export function write(lab: Lab, name: string, cells: readonly ICell[]): void {
  const notebook = {
    metadata: {
      kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' },
      language_info: { name: 'python' }
    },
    nbformat: 4,
    nbformat_minor: 5,
    cells: cells.map(({ source, tags, markdown, labwright }, index) => ({
      id: `cell-${index}`,
      cell_type: markdown ? 'markdown' : 'code',
      metadata: { ...(tags?.length && { tags }), ...(labwright && { labwright }) },
      source,
      ...(!markdown && { outputs: [], execution_count: null })
    }))
  };
  writeFileSync(join(lab.root, name), JSON.stringify(notebook));
}

/** Three quick steps, one after the other: numbers, their sum, a metric. */
export const SUM: readonly ICell[] = [
  text('# Sum'),
  code('count = 10', 'parameters'),
  text('## Make'),
  code('numbers = list(range(count))\nprint(f"made {count}")', 'step:make'),
  text('## Add'),
  code('total = sum(numbers)', 'step:add'),
  text('## Judge'),
  code('mean = total / count', 'step:judge'),
  code('mean', 'metrics')
];

/** A run that stands in its second step until the file `gate` is there. */
export const GATED: readonly ICell[] = [
  code('import time\nfrom pathlib import Path', 'imports'),
  code('gate = "gate"', 'parameters'),
  code('start = 20', 'step:begin'),
  code(
    'print("waiting for", gate, flush=True)\n' +
      'while not Path(gate).exists():\n' +
      '    time.sleep(0.02)\n' +
      'passed = start + 1\n' +
      'print("went through", passed)',
    'step:wait'
  ),
  code('end = passed * 2\nprint("end", end)', 'step:finish')
];

/** `GATED` with a gate of its own, and the way to open it. */
export function gated(lab: Lab, name: string): { open: () => void } {
  const gate = `${name}.gate`;
  write(
    lab,
    name,
    GATED.map(cell => ({ ...cell, source: cell.source.replace('"gate"', `"${gate}"`) }))
  );
  return { open: () => writeFileSync(join(lab.root, gate), '') };
}
