// What operators, tenants and strangers may do with nodes beyond the table of rules: own nodes, parents, owners of
// nodes in use, what is hidden, and what is shown to whom the policy names.

import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';

import type { Authenticate } from '#api/authenticate';
import { makeCredentials } from '#policy/credentials';
import { updateNode } from '#store/nodes';

import { asNodeUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import { type Answer, type Api, openApi } from './api/with-api.ts';

const CALLERS = {
  operator: { roles: ['admin'], system_scope: 'all' },
  owner: { roles: ['admin'], project_id: 'OWN' },
  lessee: { roles: ['admin'], project_id: 'LES' },
  stranger: { roles: ['admin'], project_id: 'FAR' },
} as const;

type Caller = keyof typeof CALLERS;

const authenticate: Authenticate = (headers) => {
  const user = String(headers['x-caller']) as Caller;
  return { outcome: 'accepted', user, credentials: makeCredentials(CALLERS[user]) };
};

type Options = NonNullable<Parameters<typeof openApi>[0]>;

const open = async (options: Omit<Options, 'authenticate'> = {}) => {
  const api = await openApi({ ...options, authenticate });
  const as = (
    caller: Caller,
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    url: string,
    body?: unknown,
  ) =>
    api.ask(method, url, {
      headers: { 'x-caller': caller },
      ...(body === undefined ? {} : { body }),
    });
  const make = async (caller: Caller, body: object): Promise<string> => {
    const {
      status,
      text,
      body: made,
    } = await as(caller, 'POST', '/v1/nodes', {
      driver: 'fake-hardware',
      ...body,
    });
    assert.equal(status, 201, text);
    return (made as { readonly uuid: string }).uuid;
  };
  return { api, as, make };
};

const ownNode = { owner: 'OWN', lessee: 'LES' };

const setNode = (api: Api, uuid: string, changes: Parameters<typeof updateNode>[2]) =>
  updateNode(api.parts.store.db, asNodeUuid(uuid) as NodeUuid, changes);

const statuses = (answers: readonly Answer[]): readonly number[] =>
  answers.map(({ status }) => status);

describe('with the rules as they come', async () => {
  const { api, as, make } = await open();
  afterEach(async () => {
    await api.parts.store.db.deleteFrom('node').execute();
  });
  after(() => api.close());

  test('a project makes nodes for itself only, and deletes those', async () => {
    const uuid = await make('owner', { name: 'mine' });
    const shown = await as('owner', 'GET', `/v1/nodes/${uuid}`);
    const forOthers = await as('owner', 'POST', '/v1/nodes', {
      driver: 'fake-hardware',
      owner: 'FAR',
    });
    const byStranger = await as('stranger', 'DELETE', `/v1/nodes/${uuid}`);
    const byOwner = await as('owner', 'DELETE', `/v1/nodes/${uuid}`);

    assert.equal((shown.body as { readonly owner: string }).owner, 'OWN');
    assert.equal(forOthers.status, 400);
    assert.deepEqual(statuses([byStranger, byOwner]), [404, 204]);
  });

  test('a node of another project is not there, by UUID, by name, nor in any list', async () => {
    const uuid = await make('operator', { name: 'hidden', shard: 's1', ...ownNode });
    const queries = ['', '?shard=s1', '?owner=OWN', '?include_children=true', '?fields=uuid'];
    const seen = await Promise.all([
      as('stranger', 'GET', `/v1/nodes/${uuid}`),
      as('stranger', 'GET', '/v1/nodes/hidden'),
      as('stranger', 'GET', '/v1/nodes/hidden/states'),
      as('stranger', 'PATCH', '/v1/nodes/hidden', [{ op: 'add', path: '/extra/x', value: 1 }]),
    ]);
    const lists = await Promise.all(
      queries.map((query) => as('stranger', 'GET', `/v1/nodes${query}`)),
    );
    const named = await as('stranger', 'GET', '/v1/nodes?project=OWN');

    assert.deepEqual(statuses(seen), [404, 404, 404, 404]);
    for (const { status, body } of lists) {
      assert.equal(status, 200);
      assert.deepEqual((body as { readonly nodes: readonly unknown[] }).nodes, []);
    }
    assert.equal(named.status, 403);
  });

  test('a patch is refused as a whole when one of its roots is, and the refusal names the rule', async () => {
    const uuid = await make('operator', ownNode);

    const { status, fault } = await as('lessee', 'PATCH', `/v1/nodes/${uuid}`, [
      { op: 'add', path: '/extra/x', value: 1 },
      { op: 'add', path: '/driver_info/x', value: 1 },
    ]);
    const { body } = await as('operator', 'GET', `/v1/nodes/${uuid}`);

    assert.equal(status, 403);
    assert.match(fault ?? '', /baremetal:node:update:driver_info/);
    assert.deepEqual((body as { readonly extra: object }).extra, {});
  });

  test('a node in use keeps its owner, unless somebody of the system says otherwise', async () => {
    const uuid = await make('operator', ownNode);
    await setNode(api, uuid, { provisionState: 'active' });
    const give = (caller: Caller) =>
      as(caller, 'PATCH', `/v1/nodes/${uuid}`, [{ op: 'replace', path: '/owner', value: 'NEW' }]);

    assert.deepEqual(statuses([await give('lessee'), await give('operator')]), [403, 200]);
  });

  test('parents that are not there, not seen or of another owner are one and the same refusal', async () => {
    const mine = await make('owner', { name: 'mine' });
    await make('operator', { name: 'theirs', owner: 'FAR' });
    await make('owner', { name: 'parent' });
    const tie = (caller: Caller, parent: string) =>
      as(caller, 'PATCH', `/v1/nodes/${mine}`, [
        { op: 'add', path: '/parent_node', value: parent },
      ]);

    const refused = await Promise.all([tie('operator', 'nowhere'), tie('operator', 'theirs')]);
    const taken = await tie('operator', 'parent');

    assert.deepEqual(statuses(refused), [400, 400]);
    assert.equal(refused[0]?.fault, refused[1]?.fault);
    assert.equal(taken.status, 200);
  });

  test('a node that loses its owner gets no parent of that owner by the same patch', async () => {
    const child = await make('owner', {});
    await make('owner', { name: 'parent-of-owner' });

    const tied = await as('operator', 'PATCH', `/v1/nodes/${child}`, [
      { op: 'remove', path: '/owner' },
      { op: 'add', path: '/parent_node', value: 'parent-of-owner' },
    ]);

    assert.equal(tied.status, 400);
    assert.match(String(tied.fault), /Unable to apply the requested parent_node/);
  });

  test('a tenant who asks why a node failed is not told what last_error hides', async () => {
    const uuid = await make('operator', ownNode);
    const report = await api.conductor.why(asNodeUuid(uuid) as NodeUuid);
    const failure = { code: 'bmc.unreachable', text: 'BMC 10.0.0.7 is away' };
    Object.assign(api.conductor, {
      why: async () => ({ ...report, failure, remedy: 'Check the cable of 10.0.0.7.' }),
    });
    const ask = (caller: Caller) => as(caller, 'GET', `/bessemer/nodes/${uuid}/why`);

    const lessee = await ask('lessee');
    const owner = await ask('owner');

    assert.equal(lessee.status, 200);
    assert.doesNotMatch(lessee.text, /10\.0\.0\.7/);
    assert.equal(lessee.body.failure.code, 'bmc.unreachable');
    assert.match(lessee.body.failure.text, /Requires baremetal:node:get:last_error permission/);
    assert.deepEqual(owner.body.failure, failure);
  });

  test('a tenant reads a sentence in place of what only operators and owners should', async () => {
    const uuid = await make('operator', {
      ...ownNode,
      driver_info: { redfish_address: 'https://bmc', redfish_password: 'CANARY' },
    });
    await setNode(api, uuid, { lastError: 'BMC 10.0.0.7 is away', reservation: 'conductor-7' });
    const texts = async (caller: Caller) => {
      const one = await as(caller, 'GET', `/v1/nodes/${uuid}`);
      const many = await as(caller, 'GET', '/v1/nodes/detail');
      return one.text + many.text;
    };

    const lessee = await texts('lessee');
    const owner = await texts('owner');

    assert.doesNotMatch(lessee, /10\.0\.0\.7|conductor-7|https:\/\/bmc|CANARY/);
    assert.match(lessee, /Requires baremetal:node:get:last_error permission/);
    assert.match(owner, /10\.0\.0\.7/);
    assert.match(owner, /conductor-7/);
    assert.match(owner, /https:\/\/bmc/);
    assert.doesNotMatch(owner, /CANARY/);
  });
});

describe('with projects kept from nodes of their own', async () => {
  const { api, as, make } = await open({ api: { canProjectsManageOwnNodes: false } });
  after(() => api.close());

  test('they neither make nor delete them', async () => {
    const uuid = await make('operator', ownNode);
    const made = await as('owner', 'POST', '/v1/nodes', { driver: 'fake-hardware' });
    const deleted = await as('owner', 'DELETE', `/v1/nodes/${uuid}`);

    assert.deepEqual(statuses([made, deleted]), [403, 403]);
  });
});
