// test_microversion_enforcement: each call of the plugin's client one version and, where there are so many, ten versions
// below the first that has it. (Every route at its version: packages/service/test/api-versions-calls.test.ts.)

import { randomUUID } from 'node:crypto';

import type { Gists, Tempest } from './tempest-world.ts';

type Refusal = {
  readonly method: string;
  readonly path: string;
  /** The first minor version that has it. */
  readonly since: number;
  readonly status: number;
  readonly body?: unknown;
};

const NODE = '/v1/nodes/:node';
const ANY = randomUUID();

const reads = (status: number, since: number, ...paths: readonly string[]): readonly Refusal[] =>
  paths.map((path) => ({ method: 'GET', path, since, status }));

const writes = (since: number, path: string, ...methods: readonly string[]): readonly Refusal[] =>
  methods.map((method) => ({
    method,
    path: method === 'POST' ? path : `${path}/${ANY}`,
    since,
    status: 405,
    ...(method === 'POST' ? { body: {} } : method === 'PATCH' ? { body: [] } : {}),
  }));

const NOT_FOUND: readonly Refusal[] = [
  ...reads(404, 23, '/v1/portgroups', `/v1/portgroups/${ANY}`),
  ...reads(404, 24, `${NODE}/portgroups`),
  ...reads(404, 28, `${NODE}/vifs`),
  { method: 'POST', path: `${NODE}/vifs`, since: 28, status: 404, body: { id: ANY } },
  { method: 'DELETE', path: `${NODE}/vifs/${ANY}`, since: 28, status: 404 },
  ...reads(404, 32, '/v1/volume', '/v1/volume/connectors', '/v1/volume/targets'),
  { method: 'DELETE', path: `${NODE}/traits/CUSTOM_A`, since: 37, status: 404 },
  ...reads(404, 40, `${NODE}/bios`),
  ...reads(404, 49, '/v1/conductors'),
  ...reads(404, 52, '/v1/allocations', `${NODE}/allocation`),
  { method: 'DELETE', path: `${NODE}/allocation`, since: 52, status: 404 },
  ...reads(404, 55, '/v1/deploy_templates'),
  ...reads(404, 78, `${NODE}/history`),
  ...reads(404, 81, `${NODE}/inventory`),
  ...reads(404, 82, '/v1/shards'),
  ...reads(404, 86, `${NODE}/firmware`),
  { method: 'POST', path: `${NODE}/vmedia`, since: 89, status: 404, body: {} },
  { method: 'DELETE', path: `${NODE}/vmedia`, since: 89, status: 404 },
  ...reads(404, 92, '/v1/runbooks'),
  ...reads(404, 93, `${NODE}/vmedia`),
  // Of ramdisks; on this listener they are not there at any version.
  { method: 'POST', path: `/v1/heartbeat/${ANY}`, since: 22, status: 404, body: {} },
];

const NOT_ALLOWED: readonly Refusal[] = [
  { method: 'PUT', path: `${NODE}/traits/CUSTOM_A`, since: 37, status: 405, body: {} },
  ...writes(52, '/v1/allocations', 'POST', 'DELETE'),
  ...writes(55, '/v1/deploy_templates', 'POST', 'PATCH', 'DELETE'),
  ...writes(92, '/v1/runbooks', 'POST', 'PATCH', 'DELETE'),
];

const NOT_ACCEPTABLE: readonly Refusal[] = [
  ...reads(406, 37, `${NODE}/traits`),
  ...reads(406, 24, `/v1/ports?portgroup=${ANY}`),
  ...reads(406, 82, '/v1/nodes?shard=a', '/v1/nodes?sharded=true'),
];

const BASE: readonly (readonly [method: string, path: string, body?: unknown])[] = [
  ['GET', '/v1/nodes'],
  ['POST', '/v1/nodes', { driver: 'fake-hardware' }],
  ['GET', NODE],
  ['PATCH', NODE, []],
  ['DELETE', NODE],
  ['PUT', `${NODE}/states/power`, { target: 'power on' }],
  ['PUT', `${NODE}/maintenance`, {}],
  ['GET', `${NODE}/validate`],
  ['GET', '/v1/ports'],
  ['POST', '/v1/ports', {}],
  ['GET', '/v1/chassis'],
  ['POST', '/v1/chassis', {}],
  ['GET', '/v1/drivers'],
];

const checkRefusals = async (world: Tempest, refusals: readonly Refusal[]): Promise<void> => {
  const { uuid } = await world.makeNode();
  for (const { method, path, since, status, body } of refusals) {
    for (const below of [since - 1, since - 10].filter((minor) => minor > 0)) {
      const call = { version: `1.${below}`, ...(body === undefined ? {} : { body }) };
      await world.refused(status, method, path.replace(':node', uuid), call);
    }
  }
};

export const VERSION_GISTS: Gists = {
  'test_microversion_enforcement: base calls are 406 at 1.0': async (world) => {
    const { uuid } = await world.makeNode();
    for (const [method, path, body] of BASE) {
      const call = { version: '1.0', ...(body === undefined ? {} : { body }) };
      await world.refused(406, method, path.replace(':node', uuid), call);
    }
    await world.get(`/v1/nodes/${uuid}`, { version: '1.1' });
  },
  'test_microversion_enforcement: 404 below their version': (world) =>
    checkRefusals(world, NOT_FOUND),
  'test_microversion_enforcement: 405 below their version': (world) =>
    checkRefusals(world, NOT_ALLOWED),
  'test_microversion_enforcement: 406 below their version': (world) =>
    checkRefusals(world, NOT_ACCEPTABLE),
};
