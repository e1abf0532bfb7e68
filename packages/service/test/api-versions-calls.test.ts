// Calls and arguments at their versions: the contract's kinds of refusal one version below, and none of them at it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { publicRoutes } from '#api/public-listener';
import { updateNode } from '#store/nodes';

import { NODE_FIELDS } from '@bessemer/protocol/node/fields';
import type { ProvisionState } from '@bessemer/protocol/node/states';
import { FEATURES } from '@bessemer/protocol/microversion/features';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { furnish, IDENTS } from './api/fuzz-stage.ts';
import { type Answer, type Api, openApi } from './api/with-api.ts';

let api: Api;
before(async () => {
  api = await openApi();
  await furnish(api);
});
after(() => api.close());

type Verb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Gate = readonly [path: string, since: number, below: { readonly [verb in Verb]?: number }];

const READ = { GET: 404 } as const;

const GATES: readonly Gate[] = [
  ['/v1/nodes/:ident/states/raid', 12, { PUT: 406 }],
  ['/v1/drivers/:name/raid/logical_disk_properties', 12, { GET: 406 }],
  ['/v1/portgroups', 23, { GET: 404, POST: 404 }],
  ['/v1/portgroups/detail', 23, READ],
  ['/v1/portgroups/:ident', 23, { GET: 404, PATCH: 404, DELETE: 404 }],
  ['/v1/nodes/:ident/portgroups', 24, READ],
  ['/v1/nodes/:ident/portgroups/detail', 24, READ],
  ['/v1/portgroups/:ident/ports', 24, READ],
  ['/v1/portgroups/:ident/ports/detail', 24, READ],
  ['/v1/nodes/:ident/vifs', 28, { GET: 404, POST: 404 }],
  ['/v1/nodes/:ident/vifs/:vif', 28, { DELETE: 404 }],
  ['/v1/nodes/:ident/management/inject_nmi', 29, { PUT: 404 }],
  ['/v1/volume', 32, READ],
  ['/v1/volume/connectors', 32, { GET: 404, POST: 404 }],
  ['/v1/volume/connectors/:ident', 32, { GET: 404, PATCH: 404, DELETE: 404 }],
  ['/v1/volume/targets', 32, { GET: 404, POST: 404 }],
  ['/v1/volume/targets/:ident', 32, { GET: 404, PATCH: 404, DELETE: 404 }],
  ['/v1/nodes/:ident/volume', 32, READ],
  ['/v1/nodes/:ident/volume/connectors', 32, READ],
  ['/v1/nodes/:ident/volume/targets', 32, READ],
  ['/v1/nodes/:ident/traits', 37, { GET: 406, PUT: 405, DELETE: 404 }],
  ['/v1/nodes/:ident/traits/:trait', 37, { PUT: 405, DELETE: 404 }],
  ['/v1/nodes/:ident/bios', 40, READ],
  ['/v1/nodes/:ident/bios/:setting', 40, READ],
  ['/v1/conductors', 49, READ],
  ['/v1/conductors/detail', 49, READ],
  ['/v1/conductors/:hostname', 49, READ],
  ['/v1/allocations', 52, { GET: 404, POST: 405 }],
  ['/v1/allocations/:ident', 52, { GET: 404, DELETE: 405 }],
  ['/v1/allocations/:ident', 57, { PATCH: 405 }],
  ['/v1/nodes/:ident/allocation', 52, { GET: 404, DELETE: 404 }],
  ['/v1/events', 54, { POST: 404 }],
  ['/v1/deploy_templates', 55, { GET: 404, POST: 405 }],
  ['/v1/deploy_templates/:ident', 55, { GET: 404, PATCH: 405, DELETE: 405 }],
  ['/v1/nodes/:ident/states/boot_mode', 76, { PUT: 404 }],
  ['/v1/nodes/:ident/states/secure_boot', 76, { PUT: 404 }],
  ['/v1/nodes/:ident/history', 78, READ],
  ['/v1/nodes/:ident/history/detail', 78, READ],
  ['/v1/nodes/:ident/history/:entry', 78, READ],
  ['/v1/nodes/:ident/inventory', 81, READ],
  ['/v1/shards', 82, READ],
  ['/v1/nodes/:ident/children', 83, READ],
  ['/v1/nodes/:ident/firmware', 86, READ],
  ['/v1/nodes/:ident/vmedia', 89, { POST: 404, DELETE: 404 }],
  ['/v1/nodes/:ident/vmedia', 93, READ],
  ['/v1/runbooks', 92, { GET: 404, POST: 405 }],
  ['/v1/runbooks/:ident', 92, { GET: 404, PATCH: 405, DELETE: 405 }],
  ['/v1/runbooks/:ident/traits', 112, { GET: 404, PUT: 404, DELETE: 404 }],
  ['/v1/runbooks/:ident/traits/:trait', 112, { PUT: 404, DELETE: 404 }],
  ['/v1/inspection_rules', 96, { GET: 404, POST: 405, DELETE: 405 }],
  ['/v1/inspection_rules/:ident', 96, { GET: 404, PATCH: 405, DELETE: 405 }],
];

const filled = (path: string): string =>
  path.replaceAll(/:(\w+)/g, (_all, name: string) => {
    const [, , first = '', second = ''] = path.split('/');
    return IDENTS[name === 'ident' ? (first === 'volume' ? second : first) : name]?.[0] ?? 'x';
  });

type GatedCall = {
  readonly verb: Verb;
  readonly path: string;
  readonly since: number;
  readonly status: number;
};

/** What deletes comes last, so that the others still find something. */
const gatedCalls: readonly GatedCall[] = GATES.flatMap(([path, since, below]) =>
  Object.entries(below).map(([verb, status]) => ({ verb: verb as Verb, path, since, status })),
).toSorted((a, b) => Number(a.verb === 'DELETE') - Number(b.verb === 'DELETE'));

const call = ({ verb, path }: GatedCall, minor: number): Promise<Answer> =>
  api.ask(verb, filled(path), {
    version: `1.${minor}`,
    ...(verb === 'PATCH' ? { body: [] } : {}),
  });

/** Whether the router said so, and not somebody who looked for an object. */
const isOfRouting = ({ status, body }: Answer): boolean =>
  status === 406 ||
  (status >= 400 && JSON.parse((body as { error_message: string }).error_message).code === status);

test('every call below its version is refused as the original does, and not at it', async () => {
  const wrong: string[] = [];
  for (const each of gatedCalls) {
    const below = await call(each, each.since - 1);
    if (below.status !== each.status)
      wrong.push(`${each.verb} ${each.path} below: ${below.status}`);
  }
  for (const each of gatedCalls) {
    const at = await call(each, each.since);
    if (isOfRouting(at)) wrong.push(`${each.verb} ${each.path} at 1.${each.since}: ${at.status}`);
  }

  assert.deepEqual(wrong, []);
});

test('every route that has a version is in the table of this test', () => {
  const known = new Set(gatedCalls.map(({ verb, path }) => `${verb} ${path}`));

  const missing = publicRoutes(api.parts)
    .filter(({ since, isRefusal }) => since !== undefined && isRefusal !== true)
    .map(({ method, path }) => `${method} ${path}`)
    .filter((each) => !known.has(each));

  assert.deepEqual(missing, []);
});

const inState = async (state: ProvisionState): Promise<string> => {
  const { uuid } = await api.createNode();
  await updateNode(api.parts.store.db, uuid as NodeUuid, {
    provisionState: state,
    powerState: 'power off',
  });
  return uuid;
};

const provision = async (state: ProvisionState, body: object, minor: number): Promise<Answer> =>
  api.ask('PUT', `/v1/nodes/${await inState(state)}/states/provision`, {
    body,
    version: `1.${minor}`,
  });

const STEPS = [{ interface: 'deploy', step: 'x' }];
const DEPLOY_STEPS = [{ interface: 'deploy', step: 'x', args: {}, priority: 1 }];

const VERBS: readonly (readonly [ProvisionState, object, number])[] = [
  ['enroll', { target: 'manage' }, 4],
  ['manageable', { target: 'provide' }, 4],
  ['manageable', { target: 'inspect' }, 6],
  ['clean wait', { target: 'abort' }, 13],
  ['manageable', { target: 'clean', clean_steps: STEPS }, 15],
  ['manageable', { target: 'adopt' }, 17],
  ['active', { target: 'rescue', rescue_password: 'x' }, 38],
  ['rescue', { target: 'unrescue' }, 38],
  ['inspect wait', { target: 'abort' }, 41],
  ['available', { target: 'active', configdrive: { meta_data: {} } }, 56],
  ['available', { target: 'active', configdrive: { vendor_data: {} } }, 59],
  ['available', { target: 'active', deploy_steps: DEPLOY_STEPS }, 69],
  ['manageable', { target: 'clean', clean_steps: STEPS, disable_ramdisk: true }, 70],
  ['available', { target: 'deploy' }, 73],
  ['active', { target: 'undeploy' }, 73],
  ['clean hold', { target: 'unhold' }, 85],
  ['active', { target: 'service', service_steps: STEPS }, 87],
  ['active', { target: 'service', service_steps: STEPS, disable_ramdisk: true }, 108],
  ['wait call-back', { target: 'abort' }, 110],
];

describe('the provision call', () => {
  for (const [state, body, since] of VERBS) {
    test(`${JSON.stringify(body)} from ${state} is 406 below 1.${since}, and taken at it`, async () => {
      const below = await provision(state, body, since - 1);
      const at = await provision(state, body, since);

      assert.equal(below.status, 406, below.text);
      assert.equal(at.status, 202, at.text);
    });
  }

  test('a runbook is 406 below 1.92, and looked for at it', async () => {
    const body = { target: 'clean', runbook: 'nobody-has-it' };

    assert.equal((await provision('manageable', body, 91)).status, 406);
    assert.notEqual((await provision('manageable', body, 92)).status, 406);
  });

  test('a config drive of a rebuild is 400 below 1.35', async () => {
    const body = { target: 'rebuild', configdrive: 'aGk=' };

    assert.equal((await provision('active', body, 34)).status, 400);
    assert.equal((await provision('active', body, 35)).status, 202);
  });

  test('the state is judged before the version of service and unhold', async () => {
    const service = { target: 'service', service_steps: STEPS };

    assert.equal((await provision('enroll', service, 86)).status, 400);
    assert.equal((await provision('enroll', { target: 'unhold' }, 84)).status, 400);
  });
});

test('soft power and its timeout are 406 below 1.27, and taken at it', async () => {
  const power = async (body: object, minor: number): Promise<number> => {
    const url = `/v1/nodes/${await inState('available')}/states/power`;
    return (await api.ask('PUT', url, { body, version: `1.${minor}` })).status;
  };
  for (const body of [
    { target: 'soft power off' },
    { target: 'soft rebooting' },
    { target: 'power off', timeout: 5 },
  ]) {
    assert.equal(await power(body, 26), 406, JSON.stringify(body));
    assert.equal(await power(body, 27), 202, JSON.stringify(body));
  }
});

type Row = (typeof NODE_FIELDS)[keyof typeof NODE_FIELDS];

const fields = (isWanted: (row: Row) => boolean): readonly (readonly [string, number])[] =>
  Object.entries(NODE_FIELDS)
    .filter(([, row]) => FEATURES[row.since].since > 1 && isWanted(row))
    .map(([name, row]) => [name, FEATURES[row.since].since]);

test('a node is sorted by a field at its version, and 406 below', async () => {
  const sortable = fields(({ isSortable }) => isSortable);
  const wrong: string[] = [];
  for (const [name, since] of sortable) {
    const url = `/v1/nodes?sort_key=${name}`;
    const below = await api.ask('GET', url, { version: `1.${since - 1}` });
    const at = await api.ask('GET', url, { version: `1.${since}` });
    if (below.status !== 406 || at.status !== 200)
      wrong.push(`${name} ${below.status} ${at.status}`);
  }

  assert.ok(sortable.length > 15);
  assert.deepEqual(wrong, []);
});

test('a field is patched at its version, 406 below, and removed at any', async () => {
  const { uuid } = await api.createNode();
  const patch = async (operation: object, minor: number): Promise<number> => {
    const options = { body: [operation], version: `1.${minor}` };
    return (await api.ask('PATCH', `/v1/nodes/${uuid}`, options)).status;
  };
  const patchable = fields(({ write }) => write.includes('patch'));
  const wrong: string[] = [];
  for (const [name, since] of patchable) {
    // What it may be is another question; it gets as far as that.
    const operation = { op: 'replace', path: `/${name}`, value: 'x' };
    const below = await patch(operation, since - 1);
    const at = await patch(operation, since);
    const removed = await patch({ op: 'remove', path: `/${name}` }, since - 1);
    if (below !== 406 || at === 406 || removed === 406) {
      wrong.push(`${name}: ${below} ${at} ${removed}`);
    }
  }

  assert.ok(patchable.length > 25);
  assert.deepEqual(wrong, []);
});

const LATER_ARGUMENTS: readonly (readonly [string, number, number])[] = [
  ['/v1/nodes?fields=uuid', 8, 406],
  ['/v1/ports?fields=uuid', 8, 406],
  ['/v1/chassis?fields=uuid', 8, 406],
  ['/v1/nodes/n0?fields=uuid', 8, 406],
  ['/v1/nodes?detail=true', 43, 400],
  ['/v1/ports?detail=true', 43, 400],
  ['/v1/portgroups?detail=true', 43, 400],
  ['/v1/chassis?detail=true', 43, 400],
  ['/v1/drivers?detail=true', 30, 406],
  ['/v1/drivers?type=dynamic', 30, 406],
  ['/v1/drivers?fields=name', 77, 406],
  ['/v1/ports?portgroup=g1', 24, 406],
  ['/v1/ports?shard=x', 82, 406],
  ['/v1/ports?conductor_groups=x', 99, 406],
  ['/v1/portgroups?conductor_groups=x', 99, 406],
  ['/v1/portgroups?shard=x', 106, 406],
  ['/v1/allocations?owner=x', 60, 406],
  ['/v1/nodes/n0/bios?detail=true', 74, 406],
  ['/v1/nodes/n0/bios?fields=name', 74, 406],
  ['/v1/nodes/n0/firmware?fields=vendor', 114, 400],
];

test('an argument of a query below its version is refused, and works at it', async () => {
  const wrong: string[] = [];
  for (const [url, since, status] of LATER_ARGUMENTS) {
    const below = await api.ask('GET', url, { version: `1.${since - 1}` });
    const at = await api.ask('GET', url, { version: `1.${since}` });
    if (below.status !== status || at.status !== 200) {
      wrong.push(`${url}: ${below.status} ${at.status} ${at.text}`);
    }
  }

  assert.deepEqual(wrong, []);
});

test('reset_interfaces is 406 below 1.45', async () => {
  const { uuid } = await api.createNode();
  const url = `/v1/nodes/${uuid}?reset_interfaces=true`;
  const body = [{ op: 'replace', path: '/driver', value: 'fake-hardware' }];

  assert.equal((await api.ask('PATCH', url, { body, version: '1.44' })).status, 406);
  assert.equal((await api.ask('PATCH', url, { body, version: '1.45' })).status, 200);
});
