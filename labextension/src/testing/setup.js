// What JupyterLab and Lumino take from a browser and jsdom does not have.
const { TextDecoder, TextEncoder } = require('util');

class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
}

Object.assign(globalThis, {
  TextDecoder,
  TextEncoder,
  DragEvent: globalThis.DragEvent ?? class DragEvent extends MouseEvent {},
  IntersectionObserver: globalThis.IntersectionObserver ?? Observer,
  ResizeObserver: globalThis.ResizeObserver ?? Observer
});
window.matchMedia ??= query => ({
  matches: false,
  media: query,
  addEventListener() {},
  removeEventListener() {}
});
