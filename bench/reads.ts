// Lists of a thousand nodes against one indexed query plus JSON.stringify of the same rows, and single GETs.

import { DatabaseSync } from 'node:sqlite';

import { CLIENTS, enrol, VERSION } from './enrolment.ts';
import { runLoad } from './load.ts';
import { type Bench, medianOf, type Measurement } from './measurement.ts';
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

const timed = async (rounds: number, work: () => Promise<void> | void): Promise<number> => {
  const times: number[] = [];
  await work();
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = performance.now();
    await work();
    times.push(performance.now() - startedMs);
  }
  return medianOf(times);
};

const measureList = async (
  served: Served,
  nodes: number,
  rounds: number,
  list: (typeof LISTS)[number],
): Promise<Measurement> => {
  const measured = await timed(rounds, async () => {
    const answer = await served.call('GET', `${list.path}?limit=${nodes}`);
    const text = await answer.text();
    if (answer.status !== 200 || !text.includes('"nodes"')) throw new Error(text.slice(0, 200));
  });
  const database = new DatabaseSync(served.storePath, { readOnly: true });
  const query = database.prepare(`select ${list.columns} from node order by id limit ?`);
  const limit = await timed(rounds, () => {
    JSON.stringify(query.all(nodes));
  });
  database.close();
  return {
    what: `GET ${list.path}?limit=${nodes}`,
    measured,
    unit: 'ms',
    limit: { value: limit, what: 'one query and JSON.stringify' },
    goal: `under ${list.factorMax} times`,
    isMet: measured < limit * list.factorMax,
  };
};

export const reads: Bench = {
  name: 'reads',
  run: async (size) => {
    const served = await startServe();
    const { uuids } = await enrol(served, size.nodes);
    const results: Measurement[] = [];
    const rounds = size.isQuick ? 3 : 30;
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
    await served.remove();
    return results;
  },
};
