// Lists of a thousand nodes out of ten thousand against one indexed query plus JSON.stringify of the same rows, and
// single GETs. Every request passes the policy, and what it shows is masked.

import { DatabaseSync } from 'node:sqlite';

import { CLIENTS, createNodes, VERSION } from './enrolment.ts';
import { runLoad } from './load.ts';
import { type Bench, medianOf, type Measurement } from './measurement.ts';
import { openRawClient } from './raw-client.ts';
import { type Served, startServe } from './served.ts';

const LISTS = [
  {
    path: '/v1/nodes',
    columns: 'uuid, name, instance_uuid, power_state, provision_state, maintenance',
    factorMax: 4,
  },
  { path: '/v1/nodes/detail', columns: '*', factorMax: 3 },
] as const;
const GETS_PER_SECOND_MIN = 8_000;
/** Clients that all ask at once. */
const CROWD = 64;
const SLOWEST_FACTOR_MAX = 3;
/** Until both sides are compiled. */
const WARM_ROUNDS = 5;

const timed = async (work: () => Promise<void> | void): Promise<number> => {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
};

/** Taken in turns, so that a busy moment of the machine meets both alike. */
const measureList = async (
  served: Served,
  nodes: number,
  rounds: number,
  list: (typeof LISTS)[number],
): Promise<Measurement> => {
  const client = await openRawClient(served.port);
  const database = new DatabaseSync(served.storePath, { readOnly: true });
  const query = database.prepare(`select ${list.columns} from node order by id limit ?`);
  const subject = async (): Promise<void> => {
    const answer = await client.get(`${list.path}?limit=${nodes}`, VERSION);
    if (answer.status !== 200 || answer.bodyBytes < nodes) throw new Error('no list came');
  };
  const limit = (): void => {
    JSON.stringify(query.all(nodes));
  };
  const times: number[] = [];
  const limits: number[] = [];
  for (let round = 0; round < rounds + WARM_ROUNDS; round += 1) {
    const [time, bare] = [await timed(subject), await timed(limit)];
    if (round < WARM_ROUNDS) continue;
    times.push(time);
    limits.push(bare);
  }
  database.close();
  client.close();
  const [measured, best] = [medianOf(times), medianOf(limits)];
  return {
    what: `GET ${list.path}?limit=${nodes}`,
    measured,
    unit: 'ms',
    limit: { value: best, what: 'one query and JSON.stringify' },
    goal: `under ${list.factorMax} times`,
    isMet: measured < best * list.factorMax,
  };
};

export const reads: Bench = {
  name: 'reads',
  run: async (size) => {
    const served = await startServe();
    const { uuids } = await createNodes(served, size.stored);
    const results: Measurement[] = [];
    const rounds = size.isQuick ? 3 : 60;
    for (const list of LISTS) results.push(await measureList(served, size.nodes, rounds, list));
    const requests = uuids
      .slice(0, 100)
      .map((uuid) => ({ method: 'GET', path: `/v1/nodes/${uuid}`, headers: VERSION }));
    const load = { port: served.port, clients: CLIENTS, requests };
    await runLoad({ ...load, seconds: size.seconds / 2 }, 200);
    const { perSecond } = await runLoad({ ...load, seconds: size.seconds }, 200);
    results.push({
      what: `GET one node, ${CLIENTS} clients`,
      measured: perSecond,
      unit: '/s',
      limit: null,
      goal: `at least ${GETS_PER_SECOND_MIN}/s`,
      isMet: perSecond >= GETS_PER_SECOND_MIN,
    });
    const crowd = await runLoad({ ...load, clients: CROWD, seconds: size.seconds }, 200);
    results.push({
      what: `GET one node, ${CROWD} clients: slowest in a hundred`,
      measured: crowd.p99Ms,
      unit: 'ms',
      limit: { value: crowd.p50Ms, what: 'the median' },
      goal: `at most ${SLOWEST_FACTOR_MAX} times`,
      isMet: crowd.p99Ms <= crowd.p50Ms * SLOWEST_FACTOR_MAX,
    });
    await served.remove();
    return results;
  },
};
