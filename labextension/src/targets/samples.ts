/** Targets and schedules for tests. */
import type { Schedule, Target } from '../api';

/** This machine where it is called `local`, else a cluster. */
export function target(name: string, more: Partial<Target> = {}): Target {
  const local = name === 'local';
  return {
    name,
    kind: local ? 'local' : 'kubeflow',
    where: local ? 'this machine' : `https://${name}.example/pipeline`,
    ui: local ? null : `https://${name}.example/pipeline`,
    capabilities: {
      resume: local,
      archive: !local,
      schedules: !local,
      own_machine: local,
      watches_files: local,
      live_logs: true,
      sources: true,
      servers: local
    },
    available: true,
    reason: null,
    version: local ? null : '2.15.0',
    namespace: local ? null : 'team-a',
    multi_user: null,
    remarks: [],
    milliseconds: 1,
    cpus: local ? 4 : null,
    memory_bytes: local ? 2 ** 33 : null,
    gpus: [],
    ...more
  };
}

export function schedule(name: string, more: Partial<Schedule> = {}): Schedule {
  return {
    schedule_id: name,
    name,
    target: 'cluster',
    experiment: null,
    enabled: true,
    cron: '0 3 * * *',
    every: null,
    start: null,
    end: null,
    at_once: 1,
    catch_up: false,
    parameters: {},
    path: null,
    notebook: null,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: null,
    error: null,
    ...more
  };
}
