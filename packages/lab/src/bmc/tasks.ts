// Slow operations. With the fault `tasks` an action answers 202 and the location of a monitor at once, as many
// BMCs do for virtual media and resets.

import { randomBytes } from 'node:crypto';
import type { JsonObject } from '@bessemer/protocol/json';
import { pause } from '../clock.ts';
import type { Answer, BmcState, BmcTask, ResourceFinder } from './bmc-state.ts';
import { collection } from './collection.ts';
import { RedfishRefusal } from './redfish-refusal.ts';

const SERVICE = '/redfish/v1/TaskService';
const TASKS = `${SERVICE}/Tasks`;
const MONITORS = `${SERVICE}/TaskMonitors`;
const TASK_COUNT_MAX = 50;

export const taskResources =
  (state: BmcState): ResourceFinder =>
  (path) => {
    if (path === SERVICE) {
      return {
        get: () => ({
          '@odata.id': SERVICE,
          '@odata.type': '#TaskService.v1_1_4.TaskService',
          Id: 'TaskService',
          Name: 'Task Service',
          ServiceEnabled: true,
          Tasks: { '@odata.id': TASKS },
        }),
      };
    }
    if (path === TASKS) {
      const members = [...state.tasks.keys()].map((id) => `${TASKS}/${id}`);
      return { get: () => collection(TASKS, 'TaskCollection', 'Tasks', members) };
    }
    const task = state.tasks.get(path.slice(path.lastIndexOf('/') + 1));
    if (task === undefined) return undefined;
    if (path === `${TASKS}/${task.id}` || path === `${MONITORS}/${task.id}`) {
      return { get: () => taskBody(task) };
    }
    return undefined;
  };

/** A monitor answers 202 until its task has ended. */
export const monitorStatus = (state: BmcState, path: string): number | undefined => {
  const id = path.startsWith(`${MONITORS}/`) ? path.slice(MONITORS.length + 1) : '';
  const task = state.tasks.get(id);
  if (task === undefined) return undefined;
  return task.state === 'Running' ? 202 : 200;
};

export const perform = async (
  state: BmcState,
  name: string,
  work: () => Promise<void>,
): Promise<Answer> => {
  const extraMs = state.faults.valueOf('tasks');
  if (extraMs === undefined) {
    await work();
    return { status: 204 };
  }
  const oldest = state.tasks.keys().next().value;
  if (state.tasks.size >= TASK_COUNT_MAX && oldest !== undefined) state.tasks.delete(oldest);
  const task: BmcTask = {
    id: randomBytes(4).toString('hex'),
    name,
    state: 'Running',
    outcome: null,
  };
  state.tasks.set(task.id, task);
  void finish(state, task, extraMs, work);
  return {
    status: 202,
    headers: { Location: `${MONITORS}/${task.id}`, 'Retry-After': '1' },
    body: taskBody(task),
  };
};

const finish = async (
  state: BmcState,
  task: BmcTask,
  extraMs: number,
  work: () => Promise<void>,
): Promise<void> => {
  try {
    await pause(state.clock, extraMs);
    await work();
    task.outcome = { status: 200, text: 'The operation succeeded.' };
    task.state = 'Completed';
  } catch (error) {
    const status = error instanceof RedfishRefusal ? error.status : 500;
    task.outcome = { status, text: error instanceof Error ? error.message : String(error) };
    task.state = 'Exception';
  }
};

const taskBody = (task: BmcTask): JsonObject => ({
  '@odata.id': `${TASKS}/${task.id}`,
  '@odata.type': '#Task.v1_4_3.Task',
  Id: task.id,
  Name: task.name,
  TaskMonitor: `${MONITORS}/${task.id}`,
  TaskState: task.state,
  TaskStatus: task.state === 'Exception' ? 'Critical' : 'OK',
  PercentComplete: task.state === 'Running' ? 0 : 100,
  Messages:
    task.outcome === null
      ? []
      : [
          {
            MessageId: task.state === 'Completed' ? 'Base.1.8.Success' : 'Base.1.8.GeneralError',
            Message: task.outcome.text,
            Severity: task.state === 'Completed' ? 'OK' : 'Critical',
          },
        ],
});
