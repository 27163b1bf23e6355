// What JupyterLab and Lumino take from a browser and jsdom does not have.
class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
}

window.DragEvent ??= class DragEvent extends MouseEvent {};
window.IntersectionObserver ??= Observer;
window.ResizeObserver ??= Observer;
window.CSS ??= { escape: text => text };
window.matchMedia ??= query => ({
  matches: false,
  media: query,
  addEventListener() {},
  removeEventListener() {}
});
