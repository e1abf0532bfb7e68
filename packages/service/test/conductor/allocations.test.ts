// Allocations and the conductor: what a start finds is worked on, a killed process loses nothing, and a node that is
// given back has no allocation any more.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { findAllocation, listAllocations } from '#store/allocations';
import { openStore, type Store } from '#store/database';
import { findNodeByInstance, insertNode, updateNode } from '#store/nodes';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { makeAllocation } from '../new-allocation.ts';
import { openConductor } from './with-conductor.ts';
import { FAKE_INTERFACES, NOW_MS } from './with-engine.ts';

const ALLOCATOR = join(import.meta.dirname, 'killable-allocator.ts');
/** A process that hangs is a failure of the test, not of the machine it runs on. */
const PROCESS_MS_MAX = 60_000;
const NODES = 3;
const ALLOCATIONS = 4;
const PAGE = { limit: 100, marker: undefined, sortColumn: 'id', isDescending: false };

const run = (args: readonly string[]): Promise<string | number | null> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [ALLOCATOR, ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: PROCESS_MS_MAX,
      killSignal: 'SIGTERM',
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ?? code));
  });

const allocate = (store: Store) => makeAllocation(store, FREE.resourceClass, NOW_MS);

const FREE = {
  provisionState: 'available',
  powerState: 'power off',
  resourceClass: 'metal',
} as const;

const checkEnds = async (store: Store): Promise<void> => {
  const all = await listAllocations(store.db, {}, PAGE);
  const active = all.filter(({ state }) => state === 'active');
  assert.equal(active.length, NODES);
  assert.equal(new Set(active.map(({ nodeUuid }) => nodeUuid)).size, NODES);
  assert.equal(all.filter(({ state }) => state === 'error').length, ALLOCATIONS - NODES);
  for (const { uuid, nodeUuid } of active) {
    assert.equal((await findNodeByInstance(store.db, uuid))?.uuid, nodeUuid);
  }
};

for (const when of ['before', 'inside', 'after']) {
  test(`killed ${when} a write, the search goes on in the next process`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bessemer-allocate-'));
    const path = join(directory, 'bessemer.sqlite');
    try {
      const before = await openStore({ engine: 'sqlite', path });
      for (let count = 0; count < NODES; count += 1) {
        const uuid = randomUUID() as NodeUuid;
        const node = { uuid, driver: 'fake-hardware', interfaces: FAKE_INTERFACES, ...FREE };
        await insertNode(before.db, node, { nowMs: NOW_MS });
      }
      for (let count = 0; count < ALLOCATIONS; count += 1) await allocate(before);
      await before.close();

      assert.equal(await run([directory, '2', when]), 'SIGKILL');
      assert.equal(await run([directory]), 0);

      const after = await openStore({ engine: 'sqlite', path });
      await checkEnds(after);
      await after.close();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

test('a conductor is told of a new allocation and finds a node for it', async () => {
  const subject = await openConductor();
  try {
    const node = await subject.makeNode(FREE);
    const { uuid } = await allocate(subject.store);

    subject.conductor.nudgeAllocation(uuid);

    const taken = await subject.until(node.uuid, (each) => each.instanceUuid === uuid);
    assert.equal(taken.allocationUuid, uuid);
  } finally {
    await subject.close();
  }
});

test('a node that is torn down has no allocation any more', async () => {
  const subject = await openConductor();
  try {
    const node = await subject.makeNode(FREE);
    const { uuid } = await allocate(subject.store);
    subject.conductor.nudgeAllocation(uuid);
    await subject.until(node.uuid, (each) => each.instanceUuid === uuid);
    await updateNode(subject.store.db, node.uuid, { provisionState: 'active' });

    await subject.conductor.requestProvision(node.uuid, { verb: 'deleted' });

    const back = await subject.untilState(node.uuid, 'available');
    assert.equal(back.instanceUuid, null);
    assert.equal(back.allocationUuid, null);
    assert.equal(await findAllocation(subject.store.db, uuid), undefined);
  } finally {
    await subject.close();
  }
});
