const { TestEnvironment } = require('jest-environment-jsdom');

/** jsdom, with what Node has too: JupyterLab's services need a fetch as soon as they are imported. */
module.exports = class extends TestEnvironment {
  constructor(...args) {
    super(...args);
    Object.assign(this.global, {
      fetch,
      Headers,
      Request,
      Response,
      structuredClone,
      TextDecoder,
      TextEncoder
    });
  }
};
