import { MainAreaWidget } from '@jupyterlab/apputils';
import { LabIcon, ReactWidget } from '@jupyterlab/ui-components';
import { UUID } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { ISignal, Signal } from '@lumino/signaling';
import type { ReactElement } from 'react';

import { ErrorBoundary, labwrightIcon, stateLabel } from '../ui';
import { PanelContext, type IRunsPanel } from './hooks';
import { RunView, TABS } from './RunView';

/** React with all that the parts of the runs' panels need. */
export class PanelWidget extends ReactWidget {
  constructor(
    private readonly _panel: IRunsPanel,
    private readonly _draw: () => ReactElement
  ) {
    super();
    this.addClass('jp-lw-Panel');
  }

  protected override render(): ReactElement {
    return (
      <PanelContext.Provider value={this._panel}>
        <ErrorBoundary trans={this._panel.trans}>{this._draw()}</ErrorBoundary>
      </PanelContext.Provider>
    );
  }
}

/** A run in the main area; its tab says how the run stands. */
export class RunWidget extends MainAreaWidget<PanelWidget> {
  constructor(
    private readonly _panel: IRunsPanel,
    /** The run's key. */
    readonly runId: string,
    tab: string
  ) {
    super({
      content: new PanelWidget(_panel, () => (
        <RunView runId={runId} tab={this.tab} onTab={chosen => this.reveal(chosen)} />
      ))
    });
    this.id = `labwright-run-${UUID.uuid4()}`;
    this._tab = tab;
    this.addClass('jp-lw-RunWidget');
    this.toolbar.hide();
    this.title.closable = true;
    this.title.icon = labwrightIcon;
    this._live = _panel.runs.follow(runId);
    this._live.changed.connect(this._label, this);
    this._label();
    this.node.addEventListener('focusin', () => _panel.focus.view(runId));
  }

  /** The view of the run that is in front. */
  get tab(): string {
    return (TABS as readonly string[]).includes(this._tab) ? this._tab : TABS[0];
  }

  get tabChanged(): ISignal<this, string> {
    return this._tabChanged;
  }

  reveal(tab: string): void {
    if (tab !== this._tab) {
      this._tab = tab;
      this.content.update();
      this._tabChanged.emit(tab);
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._live.changed.disconnect(this._label, this);
      Signal.clearData(this);
      super.dispose();
    }
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this._panel.focus.view(this.runId);
    this.node.querySelector<HTMLElement>('[role=tab][tabindex="0"]')?.focus();
  }

  private _label(): void {
    const { run } = this._live;
    const { trans } = this._panel;
    this.title.label = run ? run.name : trans.__('Run');
    this.title.caption = run
      ? `${run.name} · ${run.run_id}\n${stateLabel(run.state, trans)}`
      : this.runId;
    this.title.dataset = { ...this.title.dataset, lwState: run?.state ?? '' };
    this.title.icon = run ? stateIcon(run.state) : labwrightIcon;
  }

  private _tab = '';
  private readonly _live;
  private readonly _tabChanged = new Signal<this, string>(this);
}

const COLOURS: Record<string, string> = {
  SUCCEEDED: 'success',
  FAILED: 'error',
  RUNNING: 'brand',
  CANCELING: 'brand'
};
const SHAPES: Record<string, string> = {
  SUCCEEDED: '<path d="M3 8.5l3.2 3.2L13 4.8"/>',
  FAILED: '<path d="M4 4l8 8M12 4l-8 8"/>',
  RUNNING: '<circle cx="8" cy="8" r="5" stroke-dasharray="20 12"/>',
  CANCELING: '<circle cx="8" cy="8" r="5" stroke-dasharray="20 12"/>',
  PENDING: '<circle cx="8" cy="8" r="5" stroke-dasharray="2 2.3"/>',
  CANCELED: '<rect x="4.5" y="4.5" width="7" height="7"/>',
  SKIPPED: '<path d="M4 4l4 4-4 4M8 4l4 4-4 4"/>'
};
const icons = new Map<string, LabIcon>();

/** The state as an icon that a tab can show. */
function stateIcon(state: string): LabIcon {
  let icon = icons.get(state);
  if (!icon) {
    const colour = COLOURS[state];
    const stroke = colour ? `var(--jp-${colour}-color1)` : 'var(--jp-ui-font-color2)';
    icon = new LabIcon({
      name: `labwright:state-${state.toLowerCase()}`,
      svgstr:
        '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">' +
        `<g fill="none" stroke-width="2" stroke-linecap="round" style="stroke:${stroke}">` +
        `${SHAPES[state] ?? ''}</g></svg>`
    });
    icons.set(state, icon);
  }
  return icon;
}
