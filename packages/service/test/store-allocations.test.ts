// Allocations and traits on every engine: who gets a node, and what goes when a node is given back.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import {
  failAllocation,
  findAllocation,
  findAllocationOfNode,
  listAllocations,
  listOpenAllocations,
  removeAllocation,
  takeNode,
  type Taken,
} from '#store/allocations';
import { listCandidates } from '#store/candidates';
import type { Store } from '#store/database';
import { isConflictOn } from '#store/errors';
import { changeNodeTraits } from '#store/node-traits';
import { findNodeView } from '#store/node-views';
import { deleteNode, findNode, type NewNode, updateNode } from '#store/nodes';

import type { AllocationRecord } from '@bessemer/protocol/allocation/record';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { makeAllocation } from './new-allocation.ts';
import { makeNode, NOW_MS, onBothEngines, RIVALS } from './store-engines.ts';

const PAGE = { limit: 100, marker: undefined, sortColumn: 'id', isDescending: false };

/** A resource class that no other test knows keeps tests apart. */
const newClass = (): string => `rc-${randomUUID()}`;

const makeFree = (store: Store, resourceClass: string, more: Partial<NewNode> = {}) =>
  makeNode(store, { provisionState: 'available', powerState: 'power off', resourceClass, ...more });

const allocate = (
  store: Store,
  resourceClass: string,
  more: Partial<AllocationRecord> = {},
): Promise<AllocationRecord> => makeAllocation(store, resourceClass, NOW_MS, more);

const take = (store: Store, allocation: AllocationRecord, node: NodeRecord): Promise<Taken> =>
  store.transaction((trx) => takeNode(trx, allocation, node.uuid, NOW_MS));

const candidates = (store: Store, allocation: AllocationRecord) =>
  listCandidates(store.db, allocation, { limit: 50 });

const nothing = (): void => undefined;

onBothEngines((store) => {
  describe('allocations', () => {
    test('an allocation is read back as it was written, by UUID and by name', async () => {
      const made = await allocate(store(), newClass(), {
        name: `a-${randomUUID()}`,
        traits: ['CUSTOM_A'],
        candidateNodes: [randomUUID()],
        extra: { a: [1] },
        owner: 'p1',
      });

      assert.deepEqual(await findAllocation(store().db, made.uuid), made);
      assert.deepEqual(await findAllocation(store().db, made.name ?? ''), made);
      await assert.rejects(allocate(store(), newClass(), { name: made.name }), (error) =>
        isConflictOn(error, 'name'),
      );
    });

    test('filters and open ones', async () => {
      const resourceClass = newClass();
      const first = await allocate(store(), resourceClass, { owner: 'p1' });
      const second = await allocate(store(), resourceClass, { owner: 'p2' });
      await failAllocation(store().db, second.uuid, 'no node', NOW_MS);

      const uuidsBy = async (filters: object) =>
        (await listAllocations(store().db, { resourceClass, ...filters }, PAGE)).map(
          ({ uuid }) => uuid,
        );
      assert.deepEqual(await uuidsBy({}), [first.uuid, second.uuid]);
      assert.deepEqual(await uuidsBy({ owner: 'p1' }), [first.uuid]);
      assert.deepEqual(await uuidsBy({ state: 'error' }), [second.uuid]);
      const open = await listOpenAllocations(store().db, { limit: 1_000 });
      assert.ok(open.includes(first.uuid));
      assert.ok(!open.includes(second.uuid));
    });

    test('only free nodes of the class, with all traits, are candidates', async () => {
      const resourceClass = newClass();
      const right = await makeFree(store(), resourceClass, {
        traits: ['CUSTOM_A_B', 'HW_CPU_X86_VMX'],
      });
      await makeFree(store(), resourceClass, { traits: ['CUSTOM_AXB', 'HW_CPU_X86_VMX'] });
      await makeFree(store(), resourceClass, { traits: ['CUSTOM_A_B'] });
      const traits = right.traits;
      await makeFree(store(), newClass(), { traits });
      await makeFree(store(), resourceClass, { traits, maintenance: true });
      await makeFree(store(), resourceClass, { traits, powerState: null });
      await makeFree(store(), resourceClass, { traits, provisionState: 'manageable' });
      await makeFree(store(), resourceClass, { traits, instanceUuid: randomUUID() });

      const wish = await allocate(store(), resourceClass, { traits });

      assert.deepEqual(await candidates(store(), wish), [right.uuid]);
    });

    test('an owner gets its own nodes and those lent to it', async () => {
      const resourceClass = newClass();
      const own = await makeFree(store(), resourceClass, { owner: 'p1' });
      const lent = await makeFree(store(), resourceClass, { owner: 'p2', lessee: 'p1' });
      const foreign = await makeFree(store(), resourceClass, { owner: 'p2' });

      const wish = await allocate(store(), resourceClass, { owner: 'p1' });

      assert.deepEqual([...(await candidates(store(), wish))].sort(), [own.uuid, lent.uuid].sort());
      assert.equal(await take(store(), wish, foreign), 'node-lost');
    });

    test('asked candidates are tried in their order, and a namesake first among all nodes', async () => {
      const resourceClass = newClass();
      const name = `n-${randomUUID()}`;
      const nodes: NodeRecord[] = [];
      for (let count = 0; count < 6; count += 1) {
        nodes.push(await makeFree(store(), resourceClass, count === 4 ? { name } : {}));
      }
      const order = [5, 0, 4, 2].map((index) => (nodes[index] as NodeRecord).uuid);

      const asked = await allocate(store(), resourceClass, { candidateNodes: order, name });
      const named = { ...asked, candidateNodes: [] };

      assert.deepEqual(await candidates(store(), asked), order);
      assert.equal((await candidates(store(), named))[0], nodes[4]?.uuid);
      assert.equal((await candidates(store(), named)).length, 6);
    });

    test('a node is taken with its traits, and both halves show it', async () => {
      const resourceClass = newClass();
      const node = await makeFree(store(), resourceClass, {
        traits: ['CUSTOM_A', 'CUSTOM_B'],
        instanceInfo: { kept: 1 },
      });
      const wish = await allocate(store(), resourceClass, { traits: ['CUSTOM_B'] });

      assert.equal(await take(store(), wish, node), 'taken');

      const after = await findNode(store().db, node.uuid);
      assert.equal(after?.instanceUuid, wish.uuid);
      assert.equal(after?.allocationUuid, wish.uuid);
      assert.deepEqual(after?.instanceInfo, { kept: 1, traits: ['CUSTOM_B'] });
      const found = await findAllocationOfNode(store().db, node.uuid);
      assert.equal(found?.uuid, wish.uuid);
      assert.equal(found?.state, 'active');
      assert.deepEqual(await candidates(store(), wish), []);
    });

    test('of rivals for one node exactly one gets it', async () => {
      const resourceClass = newClass();
      const node = await makeFree(store(), resourceClass);
      const rivals: AllocationRecord[] = [];
      for (let count = 0; count < RIVALS; count += 1) {
        rivals.push(await allocate(store(), resourceClass));
      }

      const results = await Promise.all(rivals.map((rival) => take(store(), rival, node)));

      assert.equal(results.filter((result) => result === 'taken').length, 1);
      assert.equal(results.filter((result) => result === 'node-lost').length, RIVALS - 1);
    });

    test('of conductors that serve one allocation exactly one gives it a node', async () => {
      const resourceClass = newClass();
      const wish = await allocate(store(), resourceClass);
      const nodes: NodeRecord[] = [];
      for (let count = 0; count < RIVALS; count += 1) {
        nodes.push(await makeFree(store(), resourceClass));
      }

      const results = await Promise.all(nodes.map((node) => take(store(), wish, node)));

      assert.equal(results.filter((result) => result === 'taken').length, 1);
      assert.equal(results.filter((result) => result === 'ended').length, RIVALS - 1);
      const views = await Promise.all(nodes.map((node) => findNode(store().db, node.uuid)));
      assert.equal(views.filter((each) => each?.instanceUuid === wish.uuid).length, 1);
    });

    test('a locked node is not taken now', async () => {
      const resourceClass = newClass();
      const node = await makeFree(store(), resourceClass, { reservation: 'other' });
      const wish = await allocate(store(), resourceClass);

      assert.equal(await take(store(), wish, node), 'node-locked');
    });

    test('a node that loses its instance loses the allocation, and the other way round', async () => {
      const resourceClass = newClass();
      const nodes = [
        await makeFree(store(), resourceClass),
        await makeFree(store(), resourceClass),
        await makeFree(store(), resourceClass),
      ] as const;
      const made: AllocationRecord[] = [];
      for (const node of nodes) {
        const wish = await allocate(store(), resourceClass);
        await take(store(), wish, node);
        made.push(wish);
      }
      const [first, second, third] = made as [AllocationRecord, AllocationRecord, AllocationRecord];

      await store().transaction((trx) => updateNode(trx, nodes[0].uuid, { instanceUuid: null }));
      await store().transaction((trx) => removeAllocation(trx, second.uuid, NOW_MS, nothing));
      const kept = (await findNode(store().db, nodes[2].uuid)) as NodeRecord;
      await store().transaction((trx) => deleteNode(trx, kept.uuid, kept));

      for (const each of [first, second, third]) {
        assert.equal(await findAllocation(store().db, each.uuid), undefined);
      }
      for (const { uuid } of [nodes[0], nodes[1]]) {
        const after = await findNode(store().db, uuid);
        assert.equal(after?.instanceUuid, null);
        assert.equal(after?.allocationUuid, null);
      }
    });

    test('an allocation without a node is just gone, and one that ended stays as it ended', async () => {
      const waiting = await allocate(store(), newClass());
      const failed = await allocate(store(), newClass());
      await failAllocation(store().db, failed.uuid, 'first', NOW_MS);

      const remove = (): Promise<boolean> =>
        store().transaction((trx) => removeAllocation(trx, waiting.uuid, NOW_MS, nothing));
      assert.equal(await remove(), true);
      assert.equal(await remove(), false);
      assert.equal(await failAllocation(store().db, failed.uuid, 'second', NOW_MS), false);
      assert.equal((await findAllocation(store().db, failed.uuid))?.lastError, 'first');
    });
  });

  describe('traits', () => {
    test('traits are kept sorted and once, and shown by views', async () => {
      const node = await makeNode(store());

      await changeNodeTraits(store().db, node, () => ['CUSTOM_B', 'CUSTOM_A', 'CUSTOM_B']);

      assert.deepEqual((await findNode(store().db, node.uuid))?.traits, ['CUSTOM_A', 'CUSTOM_B']);
      const view = await findNodeView(store().db, node.uuid, ['traits']);
      assert.equal(view?.traits, '["CUSTOM_A","CUSTOM_B"]');
    });

    test('rivals that add traits lose none', async () => {
      const node = await makeNode(store());
      const names = Array.from({ length: RIVALS }, (_, index) => `CUSTOM_${index}`);

      const written = await Promise.all(
        names.map((name) => changeNodeTraits(store().db, node, (traits) => [...traits, name])),
      );

      assert.deepEqual(written, Array(RIVALS).fill(true));
      assert.deepEqual((await findNode(store().db, node.uuid))?.traits, names);
    });

    test('a locked node keeps its traits', async () => {
      const node = await makeNode(store(), { reservation: 'other' });

      assert.equal(await changeNodeTraits(store().db, node, () => ['CUSTOM_A']), false);
      assert.deepEqual((await findNode(store().db, node.uuid))?.traits, []);
    });
  });
});
