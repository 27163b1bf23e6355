/** A real JupyterLab of its own: free port, empty settings, copies of the examples. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync
} from 'node:fs';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, '../..');
const QUIET = {
  '@jupyterlab/apputils-extension': {
    'notification.jupyterlab-settings': { fetchNews: 'false', checkForUpdates: false }
  },
  // The tree's own animations and the terminal of the kernel's start have no part in the tests.
  '@jupyterlab/notebook-extension': {
    'tracker.jupyterlab-settings': { windowingMode: 'defer' }
  }
};

// The headless shell, where the system has it, is the same browser without windows to draw.
const CHROMIUMS = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome'
];

/** The system's Chromium, or the one CHROMIUM names; undefined where there is none. */
export function findChromium() {
  const places = process.env.PATH.split(delimiter).flatMap(folder =>
    CHROMIUMS.map(name => join(folder, name))
  );
  return [process.env.CHROMIUM, ...places].find(place => place && existsSync(place));
}

export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
];

/** The folder of the environment's programs: LABWRIGHT_BIN, else the checkout's .venv. */
function programs() {
  return process.env.LABWRIGHT_BIN ?? join(ROOT, '.venv', 'bin');
}

function freePort() {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

export class Lab {
  /**
   * `elsewhere`: the user knows a second target, which really runs pipelines (elsewhere.py).
   *
   * @param {{app?: 'lab' | 'notebook', settings?: Record<string, object>, elsewhere?: boolean}} options
   */
  static async start(options = {}) {
    const lab = new Lab(options);
    await lab.serve();
    return lab;
  }

  constructor({ app = 'lab', settings = {}, elsewhere = false } = {}) {
    this.app = app;
    // Short, as the agent's socket lies in it.
    this.home = mkdtempSync(join(tmpdir(), 'lw-'));
    this.root = join(this.home, 'work');
    this.token = randomBytes(12).toString('hex');
    mkdirSync(this.root);
    cpSync(join(ROOT, 'examples'), this.root, {
      recursive: true,
      // What the examples write when they run stays behind.
      filter: path => path.endsWith('examples') || path.endsWith('.ipynb')
    });
    if (elsewhere) {
      this.elsewhere = join(this.home, 'other');
      this._know();
    }
    for (const [plugin, files] of Object.entries({ ...QUIET, ...settings })) {
      const folder = join(this.home, 'settings', plugin);
      mkdirSync(folder, { recursive: true });
      for (const [name, value] of Object.entries(files)) {
        writeFileSync(join(folder, name), JSON.stringify(value));
      }
    }
  }

  /** Make the second target known as `labwright targets add` does, and have the server open ours. */
  _know() {
    const known = { name: 'elsewhere', endpoint: 'http://elsewhere.example/pipeline' };
    for (const folder of ['labwright', 'config', 'other']) {
      mkdirSync(join(this.home, folder));
    }
    writeFileSync(
      join(this.home, 'labwright', 'targets.json'),
      JSON.stringify({ targets: [known] })
    );
    const paths = JSON.stringify([HERE, this.elsewhere]);
    writeFileSync(
      join(this.home, 'config', 'jupyter_server_config.py'),
      `import sys\nhere, home = ${paths}\nsys.path.insert(0, here)\n` +
        'import elsewhere\nelsewhere.install(home)\n'
    );
  }

  /** Whether the second target answers. */
  answers(yes) {
    const file = join(this.elsewhere, 'away');
    if (yes) {
      rmSync(file);
    } else {
      writeFileSync(file, '');
    }
  }

  get env() {
    const { home } = this;
    return {
      ...process.env,
      PATH: programs() + delimiter + process.env.PATH,
      LABWRIGHT_HOME: join(home, 'labwright'),
      JUPYTER_CONFIG_DIR: join(home, 'config'),
      JUPYTER_RUNTIME_DIR: join(home, 'runtime'),
      JUPYTERLAB_SETTINGS_DIR: join(home, 'settings'),
      JUPYTERLAB_WORKSPACES_DIR: join(home, 'workspaces'),
      IPYTHONDIR: join(home, 'ipython')
    };
  }

  /** The folder of the environment's programs. */
  get programs() {
    return programs();
  }

  get url() {
    return `http://127.0.0.1:${this.port}/${this.app === 'lab' ? 'lab' : 'tree'}?token=${this.token}`;
  }

  get log() {
    return readFileSync(join(this.home, 'server.log'), 'utf8');
  }

  /** Start the server; again after `stop`, it serves the same folder on the same port. */
  async serve() {
    this.port ??= await freePort();
    const log = openSync(join(this.home, 'server.log'), 'a');
    this.server = spawn(
      join(programs(), 'python'),
      [
        '-m',
        this.app === 'lab' ? 'jupyterlab' : 'notebook',
        '--no-browser',
        '--allow-root',
        '--ip=127.0.0.1',
        `--port=${this.port}`,
        '--ServerApp.port_retries=0',
        `--ServerApp.root_dir=${this.root}`,
        `--IdentityProvider.token=${this.token}`,
        '--LabApp.expose_app_in_browser=True',
        '--JupyterNotebookApp.expose_app_in_browser=True',
        '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate'
      ],
      { env: this.env, stdio: ['ignore', log, log], cwd: this.home }
    );
    closeSync(log);
    for (let tries = 0; tries < 600; tries++) {
      if (this.server.exitCode !== null) {
        throw new Error(`The Jupyter server ended as it started:\n${this.log}`);
      }
      try {
        const answer = await fetch(`http://127.0.0.1:${this.port}/api/status`, {
          headers: { Authorization: `token ${this.token}` }
        });
        if (answer.ok) {
          return;
        }
      } catch {
        // Not listening yet.
      }
      await new Promise(done => setTimeout(done, 100));
    }
    await this.stop('SIGKILL');
    throw new Error(`No Jupyter server after 60 s:\n${this.log}`);
  }

  /** Stop the server (`SIGKILL`: as a crash would); what it started, and its folder, stay. */
  async stop(signal = 'SIGTERM') {
    if (this.server.exitCode === null && this.server.signalCode === null) {
      const ended = new Promise(done => this.server.once('exit', done));
      this.server.kill(signal);
      // Jupyter waits for ever for a thread that reads a file as it is told to stop.
      const impatience = setTimeout(() => this.server.kill('SIGKILL'), 15_000);
      await ended;
      clearTimeout(impatience);
    }
  }

  /** Stop everything and forget the folder. */
  async dispose() {
    await this.stop();
    for (const home of [this.env.LABWRIGHT_HOME, this.elsewhere].filter(Boolean)) {
      const agent = spawn(join(programs(), 'labwright'), ['agent', '--stop'], {
        env: { ...this.env, LABWRIGHT_HOME: home },
        stdio: 'ignore',
        timeout: 15_000
      });
      await new Promise(done => agent.once('exit', done).once('error', done));
    }
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}
