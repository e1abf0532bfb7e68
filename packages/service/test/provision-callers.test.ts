// History tells who asked for what became of a node.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { authenticatePersona, OWNER, PERSONAS, type Persona } from './api/personas.ts';
import { openService, type Service } from './provision/with-service.ts';

let persona: Persona;
let service: Service;
before(async () => {
  service = await openService({
    authenticate: () => authenticatePersona({ 'x-persona': persona }),
  });
});
after(() => service.close());

const isUser = (each: Persona) => ({
  user: PERSONAS[each].user_id,
  project: PERSONAS[each].project_id,
});

type Entry = { readonly user?: string; readonly project?: string };

const historyOf = async (uuid: string, version = '1.115'): Promise<readonly Entry[]> => {
  const path = `/v1/nodes/${uuid}/history?detail=true`;
  const { body } = await service.ask('GET', path, { version });
  return body['history'];
};

const callersOf = async (uuid: string): Promise<readonly object[]> =>
  (await historyOf(uuid)).map(({ user, project }) => ({ user, project }));

test('of a verb, and of the work that followed by itself', async () => {
  persona = 'owner-manager';
  const node = await service.makeNode({ provisionState: 'active', owner: OWNER });

  await service.told(node.uuid, { target: 'deleted' });
  await service.untilState(node.uuid, 'available');

  const owner = isUser('owner-manager');
  assert.deepEqual(await callersOf(node.uuid), [owner, owner]);
});

test('of a power action', async () => {
  persona = 'system-admin';
  const node = await service.makeNode({ provisionState: 'manageable' });
  const body = { target: 'power on' };

  const { status } = await service.ask('PUT', `/v1/nodes/${node.uuid}/states/power`, { body });
  await service.until(node.uuid, ({ powerState }) => powerState === 'power on');

  assert.equal(status, 202);
  assert.deepEqual(await callersOf(node.uuid), [isUser('system-admin')]);
});

test('of an abort, not of what was aborted', async () => {
  persona = 'owner-manager';
  const node = await service.makeNode({ provisionState: 'manageable', owner: OWNER });
  const clean_steps = [{ interface: 'deploy', step: 'hold' }];
  await service.told(node.uuid, { target: 'clean', clean_steps });
  await service.untilState(node.uuid, 'clean hold');

  persona = 'system-admin';
  await service.told(node.uuid, { target: 'abort' });
  await service.untilState(node.uuid, 'clean failed');

  assert.deepEqual((await callersOf(node.uuid)).at(-1), isUser('system-admin'));
});

test('and their project from the version on that knows it', async () => {
  persona = 'owner-manager';
  const node = await service.makeNode({ provisionState: 'manageable', owner: OWNER });
  await service.told(node.uuid, { target: 'inspect' });
  await service.untilState(node.uuid, 'manageable');

  const [before = {}] = await historyOf(node.uuid, '1.112');
  const [since = {}] = await historyOf(node.uuid, '1.113');

  assert.equal(Object.hasOwn(before, 'project'), false);
  assert.equal(Object.hasOwn(since, 'project'), true);
});
