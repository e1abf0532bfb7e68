// What follows manage where BMCs are taken over by themselves, and where nothing follows it.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import type { BmcCredentialOptions } from '#conductor/bmc-credential/options';
import { listRotations } from '#store/bmc-rotations';
import { listHistory } from '#store/history';
import { updateNode } from '#store/nodes';
import { keepDriverInfo } from '#trust/driver-secrets';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type CredentialStage, openCredentialStage } from './bmc-credential/credential-stage.ts';
import { FACTORY } from './bmc-credential/model-bmc.ts';

const enrolled = async (
  t: TestContext,
  options: Partial<BmcCredentialOptions> = {},
): Promise<{ readonly stage: CredentialStage; readonly uuid: NodeUuid }> => {
  const stage = await openCredentialStage({ isRotatedOnManage: true, ...options });
  t.after(stage.close);
  const uuid = await stage.makeNode();
  await updateNode(stage.store.db, uuid, { provisionState: 'enroll' });
  return { stage, uuid };
};

const managed = async (stage: CredentialStage, uuid: NodeUuid): Promise<NodeRecord> => {
  const caller = { user: 'ada', project: null };
  await stage.conductor().requestProvision(uuid, { verb: 'manage', caller });
  return stage.untilIdle(uuid);
};

test('who asked for manage is who asked for the rotation that follows it', async (t) => {
  const { stage, uuid } = await enrolled(t);

  const node = await managed(stage, uuid);

  const rotations = await listRotations(stage.store.db, uuid, 10);
  assert.deepEqual([node.provisionState, node.lastError], ['manageable', null]);
  assert.deepEqual(
    rotations.map(({ trigger, outcome, requester }) => [trigger, outcome, requester.user]),
    [['adopt', 'succeeded', 'ada']],
  );
});

test('while the secret store cannot be used nothing begins, and the node says so', async (t) => {
  const { stage, uuid } = await enrolled(t);
  const failure = new Failure('secret-store.sealed', 'It is sealed.');
  Object.assign(stage.secrets, { health: async () => ({ state: 'sealed', failure }) });

  const node = await managed(stage, uuid);

  const history = (await listHistory(stage.store.db, uuid)).map(({ event }) => event);
  assert.equal(node.provisionState, 'manageable');
  assert.match(node.lastError ?? '', /The BMC was not taken over, .*It is sealed\./);
  assert.ok(history.includes(node.lastError ?? ''));
  assert.equal((await listRotations(stage.store.db, uuid, 10)).length, 0);
  assert.ok(stage.bmcOf(uuid).accepts(FACTORY));
});

test('what is held by a person, or kept already, is left as it is', async (t) => {
  const { stage, uuid } = await enrolled(t);
  await stage.conductor().freezeBmcCredentials(uuid, { reason: 'drill' });

  await managed(stage, uuid);
  const whileFrozen = await listRotations(stage.store.db, uuid, 10);
  await stage.conductor().thawBmcCredentials(uuid);
  await stage.adopt(uuid);
  const info = { redfish_username: FACTORY.username, redfish_password: FACTORY.password };
  const kept = keepDriverInfo(stage.parts.keys, uuid, info);
  await updateNode(stage.store.db, uuid, { ...kept, provisionState: 'enroll' });
  const node = await managed(stage, uuid);

  assert.equal(whileFrozen.length, 0);
  assert.equal((await listRotations(stage.store.db, uuid, 10)).length, 1);
  assert.deepEqual([node.provisionState, node.lastError], ['manageable', null]);
});

for (const [name, options, info] of [
  ['nobody wished it', { isRotatedOnManage: false }, undefined],
  ['no credentials are kept at all', { isEnabled: false }, undefined],
  ['nobody gave a login', {}, { redfish_address: 'https://192.0.2.1' }],
] as const) {
  test(`where ${name} manage is the end of it`, async (t) => {
    const { stage, uuid } = await enrolled(t, options);
    if (info !== undefined) {
      await updateNode(stage.store.db, uuid, keepDriverInfo(stage.parts.keys, uuid, info));
    }

    const node = await managed(stage, uuid);

    const history = (await listHistory(stage.store.db, uuid)).map(({ event }) => event);
    assert.equal(node.provisionState, 'manageable');
    assert.equal(
      history.some((event) => /rotate/.test(event)),
      false,
    );
    assert.equal(stage.bmcOf(uuid).calls(), 0);
  });
}
