/** What a terminal would show of a log: colours as spans, and lines rewritten by `\r`. */
import Anser from 'anser';

export interface Span {
  readonly text: string;
  /** Classes as JupyterLab's themes style them, and colours beyond those sixteen. */
  readonly className?: string;
  readonly color?: string;
  readonly background?: string;
}

export interface Line {
  readonly text: string;
  readonly spans: readonly Span[];
}

const ESCAPE = '\u001b';
/** A code without a meaning: the library gives text before the first code no colour. */
const NOTHING = `${ESCAPE}[66m`;
const INTENSE = /^ansi-bright-(\w+)$/;

/** Colours go on over the ends of lines, so one of these reads a whole log. */
export class AnsiReader {
  read(raw: string): Line {
    const source = rewritten(raw);
    if (!source.includes(ESCAPE) && !this._styled) {
      return { text: source, spans: source ? [{ text: source }] : [] };
    }
    const options = { use_classes: true, remove_empty: true };
    const chunks = this._anser.ansiToJson(NOTHING + source, options);
    const [after] = this._anser.ansiToJson(`${NOTHING}.`, options);
    this._styled = Boolean(after.fg || after.bg || after.decorations.length);
    const spans = chunks.map(span);
    return { text: spans.map(s => s.text).join(''), spans };
  }

  /** One with the same colours set, for a line that may still grow. */
  clone(): AnsiReader {
    const copy = new AnsiReader();
    Object.assign(copy._anser, this._anser);
    copy._styled = this._styled;
    return copy;
  }

  private _anser = new Anser();
  private _styled = false;
}

/** What stands in a line after each `\r` has put the next text over the one before. */
function rewritten(raw: string): string {
  if (!raw.includes('\r')) {
    return raw;
  }
  const parts = raw.split('\r').filter(part => part !== '');
  return parts.length ? parts[parts.length - 1] : '';
}

function span(chunk: Anser.AnserJsonEntry): Span {
  const classes = [
    classOf(chunk.fg, 'fg'),
    classOf(chunk.bg, 'bg'),
    ...chunk.decorations.map(name => `ansi-${name}`)
  ].filter(Boolean);
  return {
    text: chunk.content,
    ...(classes.length ? { className: classes.join(' ') } : {}),
    ...(chunk.fg_truecolor ? { color: `rgb(${chunk.fg_truecolor})` } : {}),
    ...(chunk.bg_truecolor ? { background: `rgb(${chunk.bg_truecolor})` } : {})
  };
}

function classOf(name: string | null, ground: 'fg' | 'bg'): string {
  if (!name || name.endsWith('truecolor')) {
    return '';
  }
  const intense = INTENSE.exec(name);
  return intense ? `ansi-${intense[1]}-intense-${ground}` : `${name}-${ground}`;
}
