import { PanelWithToolbar, ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import type { ReactElement } from 'react';

export interface ISectionOptions {
  id: string;
  label: string;
  caption?: string;
  content: ReactWidget | ReactElement;
}

/** A section of the left sidebar: a heading with a toolbar, and React below it. */
export class Section extends PanelWithToolbar {
  constructor({ id, label, caption, content }: ISectionOptions) {
    super();
    this.id = id;
    this.addClass('jp-lw-Section');
    this.title.label = label;
    this.title.caption = caption ?? label;
    this.toolbar.node.setAttribute('aria-label', label);
    this.content =
      content instanceof ReactWidget ? content : ReactWidget.create(content);
    this.content.addClass('jp-lw-Section-content');
    this.addWidget(this.content);
  }

  readonly content: ReactWidget;

  protected override onActivateRequest(_message: Message): void {
    const first = this.content.node.querySelector<HTMLElement>(
      'button, input, select, [tabindex="0"]'
    );
    (first ?? this.node).focus();
  }
}
