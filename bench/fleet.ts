// The life of many fake nodes at once: enroll, available, active, available. Limited by the processor, never by polling.

import { enrol } from './enrolment.ts';
import type { Bench } from './measurement.ts';
import { type Served, startServe } from './served.ts';

const SECONDS_MAX = 4;
const LOOK_MS = 20;
const WAIT_SECONDS_MAX = 300;
const WORKERS = 16;

const forAll = async (
  uuids: readonly string[],
  work: (uuid: string) => Promise<void>,
): Promise<void> => {
  const queue = [...uuids];
  const worker = async (): Promise<void> => {
    for (let uuid = queue.pop(); uuid !== undefined; uuid = queue.pop()) await work(uuid);
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
};

const ask = async (served: Served, uuid: string, target: string): Promise<void> => {
  const answer = await served.call('PUT', `/v1/nodes/${uuid}/states/provision`, { target });
  const text = await answer.text();
  if (answer.status !== 202) throw new Error(`${target}: ${answer.status} ${text}`);
};

/** Waits until all nodes rest in `state`; one that failed ends the wait. */
const settle = async (served: Served, count: number, state: string): Promise<void> => {
  const untilMs = performance.now() + WAIT_SECONDS_MAX * 1_000;
  for (;;) {
    const answer = await served.call(
      'GET',
      '/v1/nodes?fields=provision_state,last_error&limit=1000',
    );
    const { nodes } = (await answer.json()) as {
      readonly nodes: readonly { readonly provision_state: string; readonly last_error: string }[];
    };
    if (nodes.filter((node) => node.provision_state === state).length === count) return;
    const failed = nodes.find((node) => node.provision_state.endsWith('failed'));
    if (failed !== undefined) throw new Error(`${failed.provision_state}: ${failed.last_error}`);
    if (performance.now() > untilMs) throw new Error(`not all nodes are ${state}`);
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_MS);
    });
  }
};

const STEPS = [
  { target: 'manage', state: 'manageable' },
  { target: 'provide', state: 'available' },
  { target: 'active', state: 'active' },
  { target: 'deleted', state: 'available' },
] as const;

export const fleet: Bench = {
  name: 'fleet',
  run: async (size) => {
    const served = await startServe();
    const { uuids } = await enrol(served, size.fleet);
    const startedMs = performance.now();
    for (const { target, state } of STEPS) {
      await forAll(uuids, (uuid) => ask(served, uuid, target));
      await settle(served, uuids.length, state);
    }
    const seconds = (performance.now() - startedMs) / 1_000;
    await served.remove();
    return [
      {
        what: `${size.fleet} fake nodes, enroll to active to available`,
        measured: seconds,
        unit: 's',
        limit: null,
        goal: `under ${SECONDS_MAX} s for 200`,
        isMet: seconds < SECONDS_MAX,
      },
    ];
  },
};
