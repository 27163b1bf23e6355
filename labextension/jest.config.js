// JupyterLab's packages are ES modules; swc turns them and our TypeScript into what Jest runs.
const swc = {
  jsc: {
    parser: { syntax: 'typescript', tsx: true },
    transform: { react: { runtime: 'automatic' } },
    target: 'es2022'
  },
  module: { type: 'commonjs' },
  sourceMaps: 'inline'
};

module.exports = {
  testEnvironment: '<rootDir>/src/testing/environment.js',
  roots: ['<rootDir>/src'],
  testMatch: ['**/*.spec.ts', '**/*.spec.tsx'],
  setupFiles: ['<rootDir>/src/testing/setup.js'],
  transform: { '\\.(ts|tsx|js|mjs)$': ['@swc/jest', swc] },
  transformIgnorePatterns: [
    '/node_modules/(?!(@jupyter|@jupyterlab|@jupyter-widgets|@lumino|@microsoft|@rjsf|exenv-es6|lib0|nanoid|nbdime|vscode-ws-jsonrpc|y-protocols|y-websocket|yjs)/)'
  ],
  moduleNameMapper: {
    '\\.css$': '<rootDir>/src/testing/empty.js',
    // JupyterLab's icons refuse an empty picture.
    '\\.svg$': '<rootDir>/src/testing/svg.js',
    '\\.svg\\?.*$': '<rootDir>/src/testing/svg.js'
  },
  cacheDirectory: '<rootDir>/.jest-cache',
  restoreMocks: true
};
