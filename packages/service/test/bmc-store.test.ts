import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { newCredential } from '#conductor/bmc-credential/rotation/begin-rotation';
import { DEFAULT_BMC_CREDENTIAL_OPTIONS } from '#conductor/bmc-credential/options';
import {
  addBmcCredential,
  type BmcCredentialRecord,
  changeBmcCredential,
  findBmcCredential,
  listBmcCredentials,
  listDueBmcCredentials,
  listDueGroups,
  listFreeDueBmcCredentials,
} from '#store/bmc-credentials';
import {
  appendRotationLog,
  countBusyRotations,
  type PauseReason,
  FRESH_PASS,
  findOpenRotation,
  insertRotation,
  listRotationLog,
  listRotations,
  type RotationRecord,
  updateRotation,
} from '#store/bmc-rotations';
import { Conflict } from '#store/errors';
import { claimLease } from '#store/leases';
import { deleteNode, findNode, insertNode, updateNode } from '#store/nodes';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { newNode, NOW_MS, onBothEngines } from './store-engines.ts';

const credentialOf = (nodeUuid: NodeUuid): BmcCredentialRecord =>
  newCredential(nodeUuid, DEFAULT_BMC_CREDENTIAL_OPTIONS);

const rotationOf = (nodeUuid: NodeUuid, fence: number): RotationRecord => ({
  id: randomUUID(),
  nodeUuid,
  fence,
  trigger: 'request',
  requester: { user: 'admin', project: null },
  strategy: 'dual',
  phase: 'begin',
  slot: null,
  path: null,
  candidate: null,
  work: {
    ...FRESH_PASS,
    askedPath: 'auto',
    askedSlot: null,
    stateBefore: 'managed',
    targetBefore: 'standby',
    givenPolicy: 'keep',
    supplied: null,
    pass: 'replace',
    login: null,
    written: 0,
    replaced: null,
    isOldAlive: false,
    isLockoutAwaited: false,
  },
  startedMs: NOW_MS,
  updatedMs: NOW_MS,
  endedMs: null,
  outcome: null,
  error: null,
});

onBothEngines((store) => {
  const makeNode = async (): Promise<NodeUuid> => {
    const node = newNode();
    await store().transaction((trx) => insertNode(trx, node, { nowMs: NOW_MS }));
    return node.uuid;
  };
  const lease = async (nodeUuid: NodeUuid, nowMs = NOW_MS): Promise<number> => {
    const claim = { owner: `owner at ${nowMs}`, nowMs, leaseMs: 1_000 };
    return (await claimLease(store().db, nodeUuid, claim)) as number;
  };

  test('a credential is stored once, and read as it was written', async () => {
    const uuid = await makeNode();
    const record: BmcCredentialRecord = {
      ...credentialOf(uuid),
      state: 'managed',
      activeSlot: 'b',
      limits: { lengthMaxBytes: 16, lockoutThreshold: 3 },
      tries: [{ username: 'bsmr-a', atMs: NOW_MS }],
      frozen: { reason: 'drill', atMs: NOW_MS },
      superseded: [{ slot: 'a', ref: 'x-3', sinceMs: NOW_MS }],
    };

    await addBmcCredential(store().db, record);
    await addBmcCredential(store().db, credentialOf(uuid));

    assert.deepEqual(await findBmcCredential(store().db, uuid), record);
  });

  test('two changes at the same time are both made', async () => {
    const uuid = await makeNode();
    await addBmcCredential(store().db, credentialOf(uuid));
    const note = (username: string): Promise<unknown> =>
      store().transaction((trx) =>
        changeBmcCredential(trx, uuid, ({ tries }) => ({
          tries: [...tries, { username, atMs: NOW_MS }],
        })),
      );

    await Promise.all(['one', 'two', 'three'].map(note));

    const names = (await findBmcCredential(store().db, uuid))?.tries.map((each) => each.username);
    assert.deepEqual(names?.toSorted(), ['one', 'three', 'two']);
  });

  test('what is due is listed, the longest overdue first, without nodes that are gone', async () => {
    const [late, later, gone] = [await makeNode(), await makeNode(), randomUUID() as NodeUuid];
    for (const [uuid, nextDueMs] of [
      [later, 2],
      [late, 1],
      [gone, 0],
    ] as const) {
      await addBmcCredential(store().db, { ...credentialOf(uuid), nextDueMs });
    }

    const due = await listDueBmcCredentials(store().db, 2, 10);
    const none = await listDueBmcCredentials(store().db, 0, 10);

    assert.deepEqual(
      due.map(({ nodeUuid }) => nodeUuid),
      [late, later],
    );
    assert.deepEqual(none, []);
  });

  test('a deleted node leaves what says where the passwords of its BMC lie', async () => {
    const uuid = await makeNode();
    await addBmcCredential(store().db, credentialOf(uuid));
    const seen = (await findNode(store().db, uuid)) as NodeRecord;

    await store().transaction((trx) => deleteNode(trx, uuid, seen));

    assert.equal((await findBmcCredential(store().db, uuid))?.nodeUuid, uuid);
    const before = uuid.slice(0, -1);
    const [listed] = await listBmcCredentials(store().db, before, 1);
    assert.equal(listed?.nodeUuid, uuid);
  });

  test('what is due and can be begun is listed without what is held or in maintenance', async () => {
    const [free, frozen, maintained] = [await makeNode(), await makeNode(), await makeNode()];
    for (const uuid of [free, frozen, maintained]) {
      await addBmcCredential(store().db, {
        ...credentialOf(uuid),
        nextDueMs: -1,
        frozen: uuid === frozen ? { reason: 'drill', atMs: NOW_MS } : null,
      });
    }
    await updateNode(store().db, maintained, { maintenance: true });

    const due = await listDueBmcCredentials(store().db, -1, 10);
    const beginning = await listFreeDueBmcCredentials(store().db, '', -1, 1);

    assert.equal(due.length, 3);
    assert.deepEqual(
      beginning.map(({ nodeUuid }) => nodeUuid),
      [free],
    );
  });

  test('a node has one open rotation', async () => {
    const uuid = await makeNode();
    const fence = await lease(uuid);
    const first = rotationOf(uuid, fence);
    await insertRotation(store().db, first);

    await assert.rejects(insertRotation(store().db, rotationOf(uuid, fence)), Conflict);
    const open = await countBusyRotations(store().db, '');
    const end = { phase: 'done', endedMs: NOW_MS, outcome: 'succeeded' } as const;
    assert.equal(await updateRotation(store().db, first, fence, end, NOW_MS), true);
    assert.equal(await countBusyRotations(store().db, ''), open - 1);
    await insertRotation(store().db, rotationOf(uuid, fence));

    assert.equal((await listRotations(store().db, uuid, 10)).length, 2);
  });

  test('what is due, and what runs, is listed and counted by conductor group', async () => {
    const grouped = async (conductorGroup: string): Promise<NodeUuid> => {
      const node = newNode({ conductorGroup });
      await store().transaction((trx) => insertNode(trx, node, { nowMs: NOW_MS }));
      await addBmcCredential(store().db, { ...credentialOf(node.uuid), nextDueMs: -9 });
      return node.uuid;
    };
    const [east, east2, west] = [
      await grouped('east'),
      await grouped('east'),
      await grouped('west'),
    ];
    await insertRotation(store().db, rotationOf(east, await lease(east)));

    const groups = await listDueGroups(store().db, -9);
    const lists = await Promise.all(
      ['east', 'west', 'north'].map((group) =>
        listFreeDueBmcCredentials(store().db, group, -9, 10),
      ),
    );
    const counts = await Promise.all(
      ['east', 'west'].map((group) => countBusyRotations(store().db, group)),
    );

    assert.deepEqual(groups, ['east', 'west']);
    assert.deepEqual(
      lists.map((list) => list.map(({ nodeUuid }) => nodeUuid).toSorted()),
      [[east, east2].toSorted(), [west], []],
    );
    assert.deepEqual(counts, [1, 0]);
  });

  test('the open rotation of a node that was deleted takes no room', async () => {
    const uuid = await makeNode();
    const open = await countBusyRotations(store().db, '');
    await insertRotation(store().db, rotationOf(uuid, await lease(uuid)));
    const during = await countBusyRotations(store().db, '');
    const seen = (await findNode(store().db, uuid)) as NodeRecord;

    await store().transaction((trx) => deleteNode(trx, uuid, seen));

    assert.deepEqual([during, await countBusyRotations(store().db, '')], [open + 1, open]);
  });

  test('a rotation that waits for hours takes no room, and one that waits for a BMC does', async () => {
    const uuid = await makeNode();
    const fence = await lease(uuid);
    const rotation = rotationOf(uuid, fence);
    const words = { what: 'it', on: 'the BMC', remedy: 'none', sinceMs: 1, untilMs: 2 };
    const paused = async (reason: PauseReason): Promise<number> => {
      const pause = { ...words, reason, code: 'bmc.locked' } as const;
      const work = { ...rotation.work, pause };
      await updateRotation(store().db, rotation, fence, { work }, NOW_MS);
      return countBusyRotations(store().db, '');
    };
    await insertRotation(store().db, rotation);
    const open = await countBusyRotations(store().db, '');

    const counts = [await paused('bmc'), await paused('lockout'), await paused('age')];

    assert.deepEqual(counts, [open, open - 1, open - 1]);
  });

  test('who lost the lease changes nothing, and neither is an ended rotation changed', async () => {
    const uuid = await makeNode();
    const fence = await lease(uuid);
    const rotation = rotationOf(uuid, fence);
    await insertRotation(store().db, rotation);
    const newer = await lease(uuid, NOW_MS + 2_000);

    const change = { phase: 'generated', slot: 'b', path: 'oob' } as const;
    const byOld = await updateRotation(store().db, rotation, fence, change, NOW_MS);
    const untouched = await findOpenRotation(store().db, uuid);
    const byNew = await updateRotation(store().db, rotation, newer, change, NOW_MS + 1);
    const changed = await findOpenRotation(store().db, uuid);
    await updateRotation(store().db, rotation, newer, { endedMs: NOW_MS }, NOW_MS);

    assert.deepEqual([byOld, byNew], [false, true]);
    assert.deepEqual(untouched, rotation);
    assert.deepEqual(changed, { ...rotation, ...change, fence: newer, updatedMs: NOW_MS + 1 });
    assert.equal(await updateRotation(store().db, rotation, newer, change, NOW_MS), false);
  });

  test('the log keeps every phase in its order', async () => {
    const uuid = await makeNode();
    const line = { rotationId: randomUUID(), nodeUuid: uuid, fence: 1, detail: { slot: 'a' } };
    await appendRotationLog(store().db, { ...line, atMs: 5, phase: 'staged' });
    await appendRotationLog(store().db, { ...line, atMs: 4, phase: 'applying' });

    assert.deepEqual(await listRotationLog(store().db, line.rotationId, 10), [
      { ...line, atMs: 5, phase: 'staged' },
      { ...line, atMs: 4, phase: 'applying' },
    ]);
  });
});
