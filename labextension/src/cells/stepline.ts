/**
 * The line `%%step NAME --gpu 1` at the top of a cell, read as Python's `stepline.py` reads it:
 * only far enough to know its name and to change or move the line as text.
 */

const LINE = /^\s*?%%step(?:[ \t]+([^\n]*))?[ \t]*(?:\n|$)/;
const SWITCHES = new Set(['--cache', '--no-cache', '--finally']);

interface IWord {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface IStepLine {
  /** The whole line, without the line break. */
  readonly text: string;
  /** Null where the line has no name. */
  readonly name: string | null;
  /** Whether it says more than the name. */
  readonly hasFlags: boolean;
  /** The steps of its `--after`. */
  readonly after: readonly string[];
}

/** The `%%step` line of a cell, or null. */
export function readStepLine(source: string): IStepLine | null {
  const found = LINE.exec(source);
  if (!found) {
    return null;
  }
  const words = argumentsOf(source);
  const after = words.flags
    .filter(flag => flag.name === '--after')
    .flatMap(flag => names(flag.value));
  return {
    text: found[0].trim(),
    name: words.names[0]?.text ?? null,
    hasFlags: words.flags.length > 0,
    after
  };
}

/** The cell's text without its `%%step` line. */
export function withoutStepLine(source: string): string {
  return source.replace(LINE, '');
}

/** The cell's text below another `%%step` line; for a cell that has none. */
export function withStepLine(source: string, line: string): string {
  return source ? `${line}\n${source}` : line;
}

/** The cell's text with another name in its `%%step` line. */
export function renameStepLine(source: string, name: string): string {
  const word = argumentsOf(source).names[0];
  return word ? source.slice(0, word.start) + name + source.slice(word.end) : source;
}

/**
 * The cell's text with `--after OLD` naming `name` instead, or nothing where `name` is null.
 */
export function replaceInLineAfter(
  source: string,
  old: string,
  name: string | null
): string {
  let changed = source;
  // From the back, so that the positions in front stay true.
  for (const flag of argumentsOf(source).flags.reverse()) {
    const listed = names(flag.value);
    if (flag.name !== '--after' || !listed.includes(old)) {
      continue;
    }
    const kept = replaceName(listed, old, name);
    const written = kept.length > 0 ? `--after ${kept.join(',')}` : '';
    const start = written ? flag.start : flag.start - 1; // the blank in front goes too
    changed = changed.slice(0, start) + written + changed.slice(flag.end);
  }
  return changed;
}

/** A list of names with one replaced or, by null, left out; no name twice. */
export function replaceName(
  list: readonly string[],
  old: string,
  name: string | null
): string[] {
  const replaced = list.map(one => (one === old ? name : one));
  return [...new Set(replaced.filter((one): one is string => one !== null))];
}

interface IFlag {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

function argumentsOf(source: string): { names: IWord[]; flags: IFlag[] } {
  const found = LINE.exec(source);
  const result: { names: IWord[]; flags: IFlag[] } = { names: [], flags: [] };
  if (!found?.[1]) {
    return result;
  }
  const offset = found[0].indexOf('%%step') + '%%step'.length;
  const start = found[0].indexOf(found[1], offset);
  const words = split(found[1], start);
  for (let index = 0; index < words.length; index++) {
    const word = words[index];
    if (!word.text.startsWith('--')) {
      result.names.push(word);
      continue;
    }
    const equals = word.text.indexOf('=');
    const name = equals < 0 ? word.text : word.text.slice(0, equals);
    const takesNext = equals < 0 && !SWITCHES.has(name) && index + 1 < words.length;
    const last = takesNext ? words[++index] : word;
    const value = takesNext ? last.text : equals < 0 ? '' : word.text.slice(equals + 1);
    result.flags.push({ name, value, start: word.start, end: last.end });
  }
  return result;
}

/** Words as a shell divides them: blanks part, quotes join. */
function split(text: string, offset: number): IWord[] {
  const words: IWord[] = [];
  const word = /(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\]|["'\\])+/g;
  for (let match = word.exec(text); match; match = word.exec(text)) {
    words.push({
      text: match[0].replace(
        /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g,
        (_, double?: string, single?: string, escaped?: string) =>
          double?.replace(/\\(["\\])/g, '$1') ?? single ?? escaped ?? ''
      ),
      start: offset + match.index,
      end: offset + match.index + match[0].length
    });
  }
  return words;
}

function names(value: string): string[] {
  return value
    .split(',')
    .map(name => name.trim())
    .filter(Boolean);
}
