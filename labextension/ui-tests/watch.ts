import type { Page } from '@playwright/test';

/**
 * Begin to watch for an element with this text. The function it gives waits for it, and tells
 * how many ms after the last key was pressed it was painted.
 */
export async function watch(
  page: Page,
  selector: string,
  words: string
): Promise<() => Promise<number>> {
  const handle = await page.evaluateHandle(
    ([selector, words]) => {
      let pressed = performance.now();
      const set = (): void => {
        pressed = performance.now();
      };
      window.addEventListener('keydown', set, { capture: true });
      return {
        seen: new Promise<number>(done => {
          const look = (): void => {
            const all = [...document.querySelectorAll(selector)];
            if (all.some(node => node.textContent?.includes(words))) {
              observer.disconnect();
              window.removeEventListener('keydown', set, { capture: true });
              // The frame that shows it ends after this callback.
              requestAnimationFrame(() => done(performance.now() - pressed));
            }
          };
          const observer = new MutationObserver(look);
          observer.observe(document.body, {
            subtree: true,
            childList: true,
            characterData: true,
            attributes: true
          });
          look();
        })
      };
    },
    [selector, words]
  );
  return () => handle.evaluate(({ seen }) => seen);
}
