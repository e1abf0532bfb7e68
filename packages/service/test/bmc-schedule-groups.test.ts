// Rotations that are due, in several conductor groups and with several conductors that look at once, on every engine.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { requestRotation } from '#conductor/bmc-credential/rotation/request-rotation';
import { makeRotationSchedule } from '#conductor/bmc-credential/rotation/schedule-rotations';
import { newCredential } from '#conductor/bmc-credential/rotation/begin-rotation';
import { addBmcCredential, changeBmcCredential } from '#store/bmc-credentials';
import { countBusyRotations } from '#store/bmc-rotations';
import { updateNode } from '#store/nodes';
import { endWaitingWorkflow, findOpenWorkflow } from '#store/workflows';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type CredentialStage, openCredentialStage } from './bmc-credential/credential-stage.ts';
import { onBothEngines, RIVALS } from './store-engines.ts';

const PARALLEL_MAX = 3;
const CONDUCTORS = 4;

onBothEngines((store) => {
  let stage: CredentialStage;
  before(async () => {
    stage = await openCredentialStage({ parallelMax: PARALLEL_MAX }, {}, store());
  });
  after(() => stage?.close());

  const makeDue = async (conductorGroup: string, count: number): Promise<readonly NodeUuid[]> => {
    const options = stage.parts.bmcCredentials?.options;
    assert.ok(options);
    const made: NodeUuid[] = [];
    for (let index = 0; index < count; index += 1) {
      const uuid = await stage.makeNode();
      await updateNode(store().db, uuid, { conductorGroup });
      await addBmcCredential(store().db, { ...newCredential(uuid, options), nextDueMs: 1 });
      made.push(uuid);
    }
    return made;
  };

  /** Takes nothing up: what it begins stays open. */
  const conductorOf = (index: number) => ({
    parts: stage.parts,
    scheduler: { owner: `conductor-${index}`, isFull: () => false, nudge: () => undefined },
  });

  test('each group has as many at a time as are allowed, whoever looks', async () => {
    await makeDue('east', 8);
    await makeDue('west', 2);

    await Promise.all(
      Array.from({ length: CONDUCTORS }, (_each, index) =>
        makeRotationSchedule(conductorOf(index)).look(),
      ),
    );

    const counts = await Promise.all(
      ['east', 'west', ''].map((group) => countBusyRotations(store().db, group)),
    );
    assert.deepEqual(counts, [PARALLEL_MAX, 2, 0]);
  });

  test('of those that are begun at the same moment as many begin as are allowed', async () => {
    const nodes = await makeDue('north', RIVALS);

    const begun = await Promise.allSettled(
      nodes.map((uuid, index) =>
        requestRotation(conductorOf(index), uuid, {
          trigger: 'schedule',
          parallelMax: PARALLEL_MAX,
        }),
      ),
    );

    const refused = begun.filter((each) => each.status === 'rejected').map(({ reason }) => reason);
    assert.equal(await countBusyRotations(store().db, 'north'), PARALLEL_MAX);
    assert.equal(refused.length, RIVALS - PARALLEL_MAX);
    assert.ok(refused.every((each) => each instanceof Refusal && each.status === 503));
  });

  for (const [name, hold] of [
    ['in maintenance', (uuid) => updateNode(store().db, uuid, { maintenance: true })],
    [
      'frozen',
      (uuid) =>
        store().transaction((transaction) =>
          changeBmcCredential(transaction, uuid, () => ({ frozen: { reason: 'test', atMs: 1 } })),
        ),
    ],
  ] satisfies [string, (uuid: NodeUuid) => Promise<unknown>][]) {
    test(`rotations that were cut short, of nodes that are ${name}, take the room of nobody`, async () => {
      const group = name.replace(' ', '-');
      for (const uuid of await makeDue(group, PARALLEL_MAX)) {
        await requestRotation(conductorOf(0), uuid, { trigger: 'schedule' });
        const open = await findOpenWorkflow(store().db, uuid);
        assert.ok(open);
        await endWaitingWorkflow(store().db, open, 1);
        await hold(uuid);
      }

      await makeDue(group, 1);
      await makeRotationSchedule(conductorOf(0)).look();

      assert.equal(await countBusyRotations(store().db, group), 1);
    });
  }
});
