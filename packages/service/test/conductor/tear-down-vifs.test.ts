// A node that is given back carries nothing of the tenant who had it, and keeps it when it could not be given back.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, test } from 'node:test';

import { insertPortgroup } from '#store/portgroups';
import { insertPort } from '#store/ports';
import { listVifHolders, putVif } from '#store/vifs';

import { attachedVif } from '@bessemer/protocol/port/attached-vif';
import type { NodeUuid, PortgroupUuid, PortUuid } from '@bessemer/protocol/uuid';

import { openConductor, type Subject } from './with-conductor.ts';

let subject: Subject;
afterEach(() => subject.close());

const NOW = { nowMs: 1 };
const ATTACHED_AT = '2026-11-21T12:00:00.000000+00:00';

/** An active node with a VIF on a port and one on a group. */
const makeTenantNode = async (driverInfo = {}): Promise<NodeUuid> => {
  const { uuid: nodeUuid } = await subject.makeNode({ provisionState: 'active', driverInfo });
  const { db } = subject.store;
  await insertPort(
    db,
    { uuid: randomUUID() as PortUuid, nodeUuid, address: '52:54:00:00:00:01' },
    NOW,
  );
  await insertPortgroup(db, { uuid: randomUUID() as PortgroupUuid, nodeUuid }, NOW);
  for (const holder of await listVifHolders(db, nodeUuid)) {
    await putVif(db, holder, `vif of the ${holder.kind}`, ATTACHED_AT);
  }
  return nodeUuid;
};

const vifsOf = async (uuid: NodeUuid): Promise<readonly (string | undefined)[]> =>
  (await listVifHolders(subject.store.db, uuid)).map(({ record }) => attachedVif(record));

test('a node that is given back has no VIFs any more', async () => {
  subject = await openConductor();
  const uuid = await makeTenantNode();

  await subject.conductor.requestProvision(uuid, { verb: 'deleted' });
  await subject.untilState(uuid, 'available');

  assert.deepEqual(await vifsOf(uuid), [undefined, undefined]);
});

test('a node that could not be given back keeps its VIFs', async () => {
  subject = await openConductor();
  const uuid = await makeTenantNode({ fake_fail: 'power' });

  await subject.conductor.requestProvision(uuid, { verb: 'deleted' });
  await subject.untilState(uuid, 'error');

  assert.deepEqual(await vifsOf(uuid), ['vif of the port', 'vif of the portgroup']);
});
