import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { newCredential } from '#conductor/bmc-credential/rotation/begin-rotation';
import { DEFAULT_BMC_CREDENTIAL_OPTIONS } from '#conductor/bmc-credential/options';
import {
  addBmcCredential,
  changeBmcCredential,
  listHeldBmcCredentials,
} from '#store/bmc-credentials';
import { countBmcExports, findBmcExport, giveBmcExport, insertBmcExport } from '#store/bmc-exports';
import type { Store } from '#store/database';

import { makeNode, NOW_MS, onBothEngines, RIVALS } from './store-engines.ts';

onBothEngines((store: () => Store) => {
  const request = (more: { requestedMs?: number; requester?: string | null } = {}) => ({
    id: randomUUID(),
    nodeUuid: randomUUID() as NodeUuid,
    reason: 'drill',
    recipient: 'age1recipient',
    requester: 'ada',
    requestedMs: NOW_MS,
    ...more,
  });

  test('a request is found by its node and id only', async () => {
    const asked = request({ requester: null });
    await insertBmcExport(store().db, asked);

    const found = await findBmcExport(store().db, asked.nodeUuid, asked.id);

    assert.deepEqual(found, { ...asked, approver: null, givenMs: null });
    assert.equal(await findBmcExport(store().db, randomUUID() as NodeUuid, asked.id), undefined);
  });

  test('of rivals one gives it', async () => {
    const asked = request();
    await insertBmcExport(store().db, asked);

    const given = await Promise.all(
      Array.from({ length: RIVALS }, (_each, index) =>
        giveBmcExport(store().db, asked.id, { approver: `rival-${index}`, nowMs: NOW_MS + 1 }),
      ),
    );

    assert.equal(given.filter(Boolean).length, 1);
    const found = await findBmcExport(store().db, asked.nodeUuid, asked.id);
    assert.equal(found?.approver, `rival-${given.indexOf(true)}`);
    assert.equal(found?.givenMs, NOW_MS + 1);
  });

  test('requests are counted from a time on', async () => {
    const later = NOW_MS + 1_000_000;
    await insertBmcExport(store().db, request({ requestedMs: later }));
    await insertBmcExport(store().db, request({ requestedMs: later + 1 }));

    assert.equal(await countBmcExports(store().db, later), 1);
    assert.equal(await countBmcExports(store().db, later - 1), 2);
  });

  test('held are those of nodes that are there and frozen, page by page', async () => {
    const held: string[] = [];
    for (const isHeld of [true, false, true, true]) {
      const { uuid } = await makeNode(store());
      await addBmcCredential(store().db, newCredential(uuid, DEFAULT_BMC_CREDENTIAL_OPTIONS));
      if (!isHeld) continue;
      held.push(uuid);
      await store().transaction((transaction) =>
        changeBmcCredential(transaction, uuid, () => ({
          frozen: { reason: 'drill', atMs: NOW_MS, untilMs: NOW_MS + 1 },
        })),
      );
    }
    const gone = newCredential(randomUUID() as NodeUuid, DEFAULT_BMC_CREDENTIAL_OPTIONS);
    await addBmcCredential(store().db, { ...gone, frozen: { reason: 'drill', atMs: NOW_MS } });

    const first = await listHeldBmcCredentials(store().db, '', 2);
    const rest = await listHeldBmcCredentials(store().db, first.at(-1)?.nodeUuid ?? '', 2);

    const found = [...first, ...rest].map(({ nodeUuid }) => nodeUuid as string);
    assert.deepEqual(new Set(found), new Set(held));
    assert.equal(found.length, 3);
    assert.equal(first[0]?.frozen?.untilMs, NOW_MS + 1);
  });
});
