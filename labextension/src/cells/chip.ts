import { Widget } from '@lumino/widgets';

import type { IBadge } from './words';

/** All that a chip shows. */
export interface IChip {
  /** The step's or the role's name. */
  readonly label: string;
  readonly kind: 'step' | 'role';
  readonly colour: string;
  /** The cell carries the name itself. */
  readonly starts: boolean;
  /** The name stands in a `%%step` line, which tags must not contradict. */
  readonly line: string | null;
  readonly metrics: boolean;
  readonly badges: readonly IBadge[];
  /** What a run would do with the step, and why; only on its first cell. */
  readonly state: {
    readonly name: string;
    readonly text: string;
    readonly why: string;
  } | null;
  readonly remarks: readonly { readonly severity: string; readonly message: string }[];
  readonly title: string;
  readonly remarksLabel: string;
  readonly metricsLabel: string;
}

export interface IChipActions {
  name(): void;
  remarks(): void;
}

/** The line above a cell that says which step it belongs to. Plain DOM: there may be hundreds. */
export class Chip extends Widget {
  constructor(private readonly _actions: IChipActions) {
    super();
    this.addClass('jp-lw-CellChip');
    this.node.addEventListener('click', this);
    // The notebook would take the press for the start of a selection or a drag.
    this.node.addEventListener('mousedown', this);
  }

  get chip(): IChip | null {
    return this._chip;
  }

  set chip(chip: IChip | null) {
    const key = JSON.stringify(chip);
    if (key !== this._key) {
      this._key = key;
      this._chip = chip;
      this._draw();
    }
  }

  handleEvent(event: Event): void {
    const button = (event.target as Element).closest('button');
    if (!button) {
      return;
    }
    if (event.type === 'click') {
      const remarks = button.classList.contains('jp-lw-CellChip-remarks');
      (remarks ? this._actions.remarks : this._actions.name)();
    }
    event.stopPropagation();
  }

  private _draw(): void {
    const chip = this._chip;
    this.setHidden(chip === null);
    if (!chip) {
      this.node.replaceChildren();
      return;
    }
    this.node.dataset.kind = chip.kind;
    this.node.dataset.starts = String(chip.starts);
    this.node.style.setProperty('--lw-colour', chip.colour);
    const name = element('button', 'jp-lw-CellChip-name');
    name.append(
      element('span', 'jp-lw-CellChip-dot'),
      text('jp-lw-CellChip-label', chip.label)
    );
    name.setAttribute('type', 'button');
    name.title = chip.title;
    name.setAttribute('aria-label', `${chip.label}. ${chip.title}`);
    // The notebook's own keys and the context menu reach all this; hundreds of stops would not.
    name.tabIndex = -1;
    this.node.replaceChildren(name);
    if (chip.line !== null) {
      this.node.append(text('jp-lw-CellChip-line', '%%step', chip.line));
    }
    if (chip.metrics) {
      this.node.append(text('jp-lw-CellChip-badge', chip.metricsLabel));
    }
    for (const badge of chip.badges) {
      this.node.append(text('jp-lw-CellChip-badge', badge.text, badge.text));
    }
    if (chip.state) {
      const state = text('jp-lw-CellChip-state', chip.state.text, chip.state.why);
      state.dataset.state = chip.state.name;
      this.node.append(state);
    }
    if (chip.remarks.length > 0) {
      this.node.append(this._remarks(chip));
    }
  }

  private _remarks(chip: IChip): HTMLElement {
    const worst =
      ['error', 'warning', 'info'].find(severity =>
        chip.remarks.some(remark => remark.severity === severity)
      ) ?? 'info';
    const first = chip.remarks.find(remark => remark.severity === worst)!;
    const button = element('button', 'jp-lw-CellChip-remarks');
    button.setAttribute('type', 'button');
    button.dataset.severity = worst;
    button.tabIndex = -1;
    button.title = chip.remarks.map(remark => remark.message).join('\n\n');
    button.setAttribute('aria-label', chip.remarksLabel);
    button.append(
      element('span', 'jp-lw-CellChip-severity'),
      text('jp-lw-CellChip-remark', first.message)
    );
    if (chip.remarks.length > 1) {
      button.append(text('jp-lw-CellChip-more', `+${chip.remarks.length - 1}`));
    }
    return button;
  }

  private _chip: IChip | null = null;
  private _key = '';
}

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  name: string
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.className = name;
  return node;
}

function text(name: string, content: string, title?: string): HTMLSpanElement {
  const node = element('span', name);
  node.textContent = content;
  if (title) {
    node.title = title;
  }
  return node;
}
