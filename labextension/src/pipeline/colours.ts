/** How many colours style/steps.css defines as `--lw-step-0` and on. */
export const COLOURS = 8;

/**
 * A colour for each step: the one it had, else the one least used, and not a neighbour's.
 *
 * So a step keeps its colour while others come, go and move.
 */
export function assignColours(
  steps: readonly string[],
  before: ReadonlyMap<string, number> = new Map()
): Map<string, number> {
  const colours = new Map<string, number>();
  const uses = new Array<number>(COLOURS).fill(0);
  for (const step of steps) {
    const known = before.get(step);
    if (known !== undefined) {
      colours.set(step, known);
      uses[known]++;
    }
  }
  steps.forEach((step, index) => {
    if (colours.has(step)) {
      return;
    }
    const beside = [steps[index - 1], steps[index + 1]].map(other =>
      colours.get(other)
    );
    const free = uses
      .map((_, colour) => colour)
      .filter(colour => !beside.includes(colour));
    const colour = free.reduce((best, one) => (uses[one] < uses[best] ? one : best));
    colours.set(step, colour);
    uses[colour]++;
  });
  return colours;
}

/** The CSS value of a colour. */
export function cssColour(colour: number | undefined): string {
  return colour === undefined ? 'var(--jp-border-color1)' : `var(--lw-step-${colour})`;
}
