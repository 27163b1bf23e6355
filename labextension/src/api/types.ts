/** The API's shapes under their own names; `schema.ts` is generated from openapi.json. */

import type { components } from './schema';

type Schemas = components['schemas'];

export type AgentStatus = Schemas['AgentStatus'];
export type Analysis = Schemas['Analysis'];
export type Capabilities = Schemas['Capabilities'];
export type Comparison = Schemas['Comparison'];
export type Compiled = Schemas['Compiled'];
export type Diagnostic = Schemas['Diagnostic'];
export type Difference = Schemas['Difference'];
export type Graph = Schemas['Graph'];
export type GraphCell = Schemas['GraphCell'];
export type GraphInput = Schemas['GraphInput'];
export type GraphStep = Schemas['GraphStep'];
export type Image = Schemas['Image'];
export type ImageList = Schemas['ImageList'];
export type JsonValue = Schemas['JsonValue'];
export type LogChunk = Schemas['LogChunk'];
export type NotebookSource = Schemas['NotebookSource'];
export type OfferedGpu = Schemas['OfferedGpu'];
export type Parameter = Schemas['Parameter'];
export type Preset = Schemas['Preset'];
export type Preview = Schemas['Preview'];
export type PreviewRequest = Schemas['PreviewRequest'];
export type Progress = Schemas['Progress'];
export type Run = Schemas['Run'];
export type RunList = Schemas['RunList'];
export type RunRequest = Schemas['RunRequest'];
export type RunSummary = Schemas['RunSummary'];
export type Remark = Schemas['Remark'];
export type RunSchemas = Schemas['Schemas'];
export type Schedule = Schemas['Schedule'];
export type ScheduleList = Schemas['ScheduleList'];
export type ScheduleRequest = Schemas['ScheduleRequest'];
export type Scheduled = Schemas['Scheduled'];
export type Server = Schemas['Server'];
export type ServerAddress = Schemas['ServerAddress'];
export type ServerChangeRequest = Schemas['ServerChangeRequest'];
export type ServerList = Schemas['ServerList'];
export type FollowedLog = Schemas['FollowedLog'];
export type ServerOptions = Schemas['ServerOptions'];
export type ServerRequest = Schemas['ServerRequest'];
export type Stage = Schemas['Stage'];
export type Started = Schemas['Started'];
export type Status = Schemas['Status'];
export type Step = Schemas['Step'];
export type StepDifference = Schemas['StepDifference'];
export type StepError = Schemas['StepError'];
export type StepPreview = Schemas['StepPreview'];
export type Suggestion = Schemas['Suggestion'];
export type Target = Schemas['Target'];
export type Value = Schemas['Value'];
export type Volume = Schemas['Volume'];
export type VolumeList = Schemas['VolumeList'];
export type VolumeRequest = Schemas['VolumeRequest'];
export type ServerState = Server['state'];

/** KFP's states, of runs and steps alike. */
export type State = RunSummary['state'];
export type StepState = Step['state'];
export type Iteration = Step['iteration'];

const FINAL: ReadonlySet<State> = new Set<State>([
  'SUCCEEDED',
  'SKIPPED',
  'FAILED',
  'CANCELED'
]);

/** Whether nothing will change any more. */
export function isFinal(state: State): boolean {
  return FINAL.has(state);
}
