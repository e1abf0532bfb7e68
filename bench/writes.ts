// Nodes made and patched by eight clients at once, each write durable before it is answered, the secrets of each node
// sealed.

import { join } from 'node:path';

import { CLIENTS, createNodes, VERSION } from './enrolment.ts';
import { startLimit } from './limit.ts';
import { runLoad } from './load.ts';
import type { Bench } from './measurement.ts';
import { startServe } from './served.ts';

const CREATES_PER_SECOND_MIN = 500;
const PATCHES_PER_SECOND_MIN = 500;

export const writes: Bench = {
  name: 'writes',
  run: async (size) => {
    const served = await startServe();
    const { uuids, perSecond: creates } = await createNodes(served, size.stored);
    const patches = uuids.map((uuid, index) => ({
      method: 'PATCH',
      path: `/v1/nodes/${uuid}`,
      headers: VERSION,
      body: [{ op: 'add', path: '/extra/bench', value: index }],
    }));
    const load = { port: served.port, clients: CLIENTS, countMax: uuids.length };
    const patched = await runLoad({ ...load, seconds: size.seconds, requests: patches }, 200);
    const limit = await startLimit([join(served.directory, 'limit.sqlite')]);
    const making = uuids.map((uuid) => ({ method: 'POST', path: `/make/${uuid}`, body: {} }));
    const best = await runLoad(
      { ...load, port: limit.port, seconds: size.seconds, requests: making },
      201,
    );
    await limit.stop();
    await served.remove();
    const bare = { value: best.perSecond, what: 'bare Fastify, one durable insert' };
    return [
      {
        what: `POST a node, ${CLIENTS} clients`,
        measured: creates,
        unit: '/s',
        limit: bare,
        goal: `at least ${CREATES_PER_SECOND_MIN}/s`,
        isMet: creates >= CREATES_PER_SECOND_MIN,
      },
      {
        what: `PATCH a node, ${CLIENTS} clients`,
        measured: patched.perSecond,
        unit: '/s',
        limit: bare,
        goal: `at least ${PATCHES_PER_SECOND_MIN}/s`,
        isMet: patched.perSecond >= PATCHES_PER_SECOND_MIN,
      },
    ];
  },
};
