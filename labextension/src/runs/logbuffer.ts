/**
 * A step's log, put together from pieces by their byte offsets.
 *
 * Pieces come from the server on request and from events, twice at times and not always in order.
 * A piece that lies beyond the end is a gap: whoever feeds the buffer then asks for what lies
 * between. Memory is bounded: the oldest lines go first.
 */
import { AnsiReader, type Line } from './ansi';

export type Added = 'added' | 'known' | 'gap';

const REPLACED = '\ufffd';

export class LogBuffer {
  constructor(private readonly _limit = 100_000) {}

  /** The byte after the last known one. */
  get end(): number {
    return this._end;
  }

  /** How many lines were dropped from the front. */
  get dropped(): number {
    return this._dropped;
  }

  get length(): number {
    return this._lines.length + (this._tail === null ? 0 : 1);
  }

  line(index: number): Line {
    return index < this._lines.length ? this._lines[index] : (this._tail as Line);
  }

  /**
   * Add a piece; `next` is the offset behind it where the server told. An event does not tell, and
   * bytes that are no text cannot be counted back: such a piece is fetched again.
   */
  add(offset: number, text: string, next?: number): Added {
    if (next === undefined && text.includes(REPLACED)) {
      return offset < this._end ? 'known' : 'gap';
    }
    const behind = next ?? offset + bytes(text).length;
    if (offset > this._end) {
      return 'gap';
    }
    if (behind <= this._end) {
      return 'known';
    }
    this._append(offset === this._end ? text : cut(text, this._end - offset));
    this._end = behind;
    return 'added';
  }

  /** The indices of lines that contain the text, whatever the case. */
  search(text: string): number[] {
    const wanted = text.toLowerCase();
    const found: number[] = [];
    for (let i = 0; wanted && i < this.length; i++) {
      if (this.line(i).text.toLowerCase().includes(wanted)) {
        found.push(i);
      }
    }
    return found;
  }

  private _append(text: string): void {
    // `\r\n` ends a line too, but a lone `\r` at the end may have its `\n` in the next piece.
    const lines = (this._rest + text).split(/\r?\n/);
    this._rest = lines.pop() as string;
    for (const line of lines) {
      this._lines.push(this._reader.read(line));
    }
    this._tail = this._rest ? this._reader.clone().read(this._rest) : null;
    if (this._lines.length > this._limit) {
      // A tenth at once, so that the front is not moved for each line.
      const gone = this._lines.length - Math.floor(this._limit * 0.9);
      this._lines.splice(0, gone);
      this._dropped += gone;
    }
  }

  private _end = 0;
  private _dropped = 0;
  private _rest = '';
  private _tail: Line | null = null;
  private readonly _lines: Line[] = [];
  private readonly _reader = new AnsiReader();
}

const encoder = new TextEncoder();

function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

function cut(text: string, count: number): string {
  return new TextDecoder().decode(bytes(text).subarray(count));
}
