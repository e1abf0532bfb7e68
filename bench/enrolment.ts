// A node and its port, enrolled by eight clients at once.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { startLimit } from './limit.ts';
import { type LoadRequest, type LoadResult, runLoad } from './load.ts';
import type { Bench } from './measurement.ts';
import { type Served, startServe } from './served.ts';

export const CLIENTS = 8;
export const VERSION = { 'x-openstack-ironic-api-version': '1.95' };
const NODES_PER_SECOND_MIN = 500;
const FOREVER_SECONDS = 600;
/** A node and a port. */
const COMMITS_PER_NODE = 2;

const addressOf = (index: number): string => {
  const hex = index.toString(16).padStart(8, '0');
  return `52:54:${hex.match(/../g)?.join(':') ?? ''}`;
};

const nodeRequests = (uuids: readonly string[]): LoadRequest[] =>
  uuids.map((uuid, index) => ({
    method: 'POST',
    path: '/v1/nodes',
    headers: VERSION,
    body: {
      uuid,
      name: `bench-${index}`,
      driver: 'fake-hardware',
      driver_info: { fake_address: `https://bmc-${index}`, fake_password: 'secret' },
      properties: { cpus: 64, memory_mb: 262_144, local_gb: 960, cpu_arch: 'x86_64' },
      extra: { rack: `r${index % 40}`, serial: `SN${index}`, notes: 'x'.repeat(200) },
    },
  }));

const post = (served: Served, requests: readonly LoadRequest[]): Promise<LoadResult> =>
  runLoad(
    {
      port: served.port,
      clients: CLIENTS,
      seconds: FOREVER_SECONDS,
      countMax: requests.length,
      requests,
    },
    201,
  );

/** Nodes without ports. */
export const createNodes = async (
  served: Served,
  count: number,
): Promise<{ readonly uuids: readonly string[]; readonly perSecond: number }> => {
  const uuids = Array.from({ length: count }, () => randomUUID());
  const { perSecond } = await post(served, nodeRequests(uuids));
  return { uuids, perSecond };
};

/** Enrols `count` nodes with a port each; returns their UUIDs and the seconds that it took. */
export const enrol = async (
  served: Served,
  count: number,
): Promise<{ readonly uuids: readonly string[]; readonly seconds: number }> => {
  const uuids = Array.from({ length: count }, () => randomUUID());
  const ports: LoadRequest[] = uuids.map((uuid, index) => ({
    method: 'POST',
    path: '/v1/ports',
    headers: VERSION,
    body: { node_uuid: uuid, address: addressOf(index) },
  }));
  let seconds = 0;
  // Each client needs its node before its port: all nodes first, then all ports.
  for (const requests of [nodeRequests(uuids), ports]) {
    seconds += (await post(served, requests)).seconds;
  }
  return { uuids, seconds };
};

export const enrolment: Bench = {
  name: 'enrolment',
  run: async (size) => {
    const served = await startServe();
    const { uuids, seconds } = await enrol(served, size.nodes);
    const limit = await startLimit([join(served.directory, 'limit.sqlite')]);
    const requests = uuids.map((uuid) => ({ method: 'POST', path: `/make/${uuid}`, body: {} }));
    const best = await runLoad(
      {
        port: limit.port,
        clients: CLIENTS,
        seconds: FOREVER_SECONDS,
        countMax: requests.length,
        requests,
      },
      201,
    );
    await limit.stop();
    await served.remove();
    const perSecond = size.nodes / seconds;
    const limitPerSecond = best.perSecond / COMMITS_PER_NODE;
    return [
      {
        what: `enrolment (node + port), ${CLIENTS} clients`,
        measured: perSecond,
        unit: 'nodes/s',
        limit: { value: limitPerSecond, what: 'bare Fastify, two durable inserts a node' },
        goal: `at least ${NODES_PER_SECOND_MIN} nodes/s`,
        isMet: perSecond >= NODES_PER_SECOND_MIN,
      },
    ];
  },
};
