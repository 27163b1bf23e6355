export declare const CHROMIUM_FLAGS: string[];
export declare function findChromium(): string | undefined;

export interface ILabOptions {
  app?: 'lab' | 'notebook';
  /** By plugin package, its settings files and what they hold. */
  settings?: Record<string, Record<string, object>>;
  /** The user knows a second target, `elsewhere`, which really runs pipelines. */
  elsewhere?: boolean;
}

export declare class Lab {
  static start(options?: ILabOptions): Promise<Lab>;
  /** The temporary folder of everything. */
  readonly home: string;
  /** The folder it serves, with copies of the examples. */
  readonly root: string;
  readonly token: string;
  readonly port: number;
  readonly url: string;
  readonly log: string;
  /** The folder of the environment's programs. */
  readonly programs: string;
  readonly env: NodeJS.ProcessEnv;
  serve(): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Whether the second target answers. */
  answers(yes: boolean): void;
  dispose(): Promise<void>;
}
