// Steps that reach the children of a node: who may have them done to the node may not do everything to what hangs on it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { updateNode } from '#store/nodes';

import { asNodeUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import { as, authenticatePersona, LESSEE, OWNER, type Persona, STRANGER } from './api/personas.ts';
import { type Api, openApi } from './api/with-api.ts';

const TENANTS_OWN = { parent: LESSEE, child: LESSEE };

let api: Api;
before(async () => {
  api = await openApi({ authenticate: authenticatePersona });
});
after(() => api?.close());

const makeNode = async (body: object): Promise<string> => {
  const { uuid } = await api.createNode({ owner: OWNER, ...body });
  await updateNode(api.parts.store.db, asNodeUuid(uuid) as NodeUuid, {
    provisionState: 'manageable',
  });
  return uuid;
};

/** A node with a child of the same owner, each leased to somebody. */
const makeFamily = async (lessees: { readonly parent: string; readonly child: string }) => {
  const parent = await makeNode({ lessee: lessees.parent });
  return { parent, child: await makeNode({ lessee: lessees.child, parent_node: parent }) };
};

const clean = async (persona: Persona, node: string, more: object): Promise<number> => {
  const body = {
    target: 'clean',
    clean_steps: [{ interface: 'power', step: 'power_off', ...more }],
  };
  return (await api.ask('PUT', `/v1/nodes/${node}/states/provision`, { ...as(persona), body }))
    .status;
};

const ON_CHILDREN = { execute_on_child_nodes: true };

test('a tenant of a node has nothing done to a child that is leased to another', async () => {
  const { parent, child } = await makeFamily({ parent: LESSEE, child: STRANGER });
  const limit = { ...ON_CHILDREN, limit_child_node_execution: [child.toUpperCase()] };

  assert.equal(await clean('lessee-manager', parent, ON_CHILDREN), 403);
  assert.equal(await clean('lessee-manager', parent, limit), 403);
});

test('a tenant of both may', async () => {
  const { parent } = await makeFamily(TENANTS_OWN);

  assert.equal(await clean('lessee-manager', parent, ON_CHILDREN), 202);
});

test('a tenant may choose the children that are theirs', async () => {
  const { parent, child } = await makeFamily(TENANTS_OWN);
  await makeNode({ lessee: STRANGER, parent_node: parent });
  const limit = { ...ON_CHILDREN, limit_child_node_execution: [child] };

  assert.equal(await clean('lessee-manager', parent, ON_CHILDREN), 403);
  assert.equal(await clean('lessee-manager', parent, limit), 202);
});

test('a step of the node itself asks about no child', async () => {
  const { parent } = await makeFamily({ parent: LESSEE, child: STRANGER });

  assert.equal(await clean('lessee-manager', parent, {}), 202);
});

test('the owner of all of them may', async () => {
  const { parent } = await makeFamily({ parent: LESSEE, child: STRANGER });

  assert.equal(await clean('owner-member', parent, ON_CHILDREN), 202);
});
