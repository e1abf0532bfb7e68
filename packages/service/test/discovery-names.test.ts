// A machine that nobody enrolled and the BMCs that nodes name by names, with the names that this host knows.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { openStore, type Store } from '#store/database';
import { listAudit } from '#store/audit';
import { findNode } from '#store/nodes';

import { openDiscoveryStage } from './discovery-stage.ts';
import { makeNode } from './store-engines.ts';

const withStore = async (work: (store: Store) => Promise<void>): Promise<void> => {
  const store = await openStore({ engine: 'sqlite', path: ':memory:' });
  try {
    await work(store);
  } finally {
    await store.close();
  }
};

const LOOPBACK = { bmcNetworks: ['127.0.0.0/8'] };
const MACHINE = { source: '192.0.2.9', bmcAddress: '127.0.0.1' };

const told = async (store: Store) =>
  (await listAudit(store.db, { afterSeq: 0, limit: 100 }))
    .filter(({ event }) => event.startsWith('inspect.'))
    .map(({ event, detail }) => [event, JSON.stringify(detail)] as const);

test('T-18: a machine cannot claim a BMC that a node has by a name', () =>
  withStore(async (store) => {
    await makeNode(store, { driverInfo: { redfish_address: 'https://LocalHost:8443/' } });
    const { discover } = openDiscoveryStage(store, LOOPBACK);

    await assert.rejects(
      discover(MACHINE),
      (error: unknown) => error instanceof Refusal && error.status === 409,
    );

    const [[event] = []] = await told(store);
    assert.equal(event, 'inspect.identity_conflict');
  }));

test('a name that leads elsewhere keeps nobody from a BMC', () =>
  withStore(async (store) => {
    await makeNode(store, { driverInfo: { ipmi_address: 'localhost' } });
    const { discover } = openDiscoveryStage(store, LOOPBACK);

    const answer = await discover({ ...MACHINE, bmcAddress: '127.0.0.77' });

    assert.ok(answer);
    const node = await findNode(store.db, answer.node.uuid);
    assert.equal(node?.driverInfo['ipmi_address'], '127.0.0.77');
  }));

test('while a name is not found a machine becomes a node without a BMC, and the event says whose name', () =>
  withStore(async (store) => {
    const other = await makeNode(store, { driverInfo: { ipmi_address: 'bmc-7.invalid' } });
    const { discover } = openDiscoveryStage(store, LOOPBACK);

    const answer = await discover(MACHINE);

    assert.ok(answer);
    const node = await findNode(store.db, answer.node.uuid);
    assert.equal(node?.driverInfo['ipmi_address'], undefined);
    const [[event, detail] = []] = await told(store);
    assert.equal(event, 'inspect.discovered');
    assert.match(
      detail ?? '',
      new RegExp(`127\\.0\\.0\\.1 may be the BMC of node ${other.uuid}: the name bmc-7\\.invalid`),
    );
  }));

test('a node that came while names were looked up is seen, too', () =>
  withStore(async (store) => {
    await makeNode(store, { driverInfo: { ipmi_address: 'bmc-1' } });
    const { discover } = openDiscoveryStage(store, LOOPBACK, async () => {
      await makeNode(store, { driverInfo: { ipmi_address: '127.0.0.1' } });
      return ['127.0.0.77'];
    });

    await assert.rejects(
      discover(MACHINE),
      (error: unknown) => error instanceof Refusal && error.status === 409,
    );
  }));

test('who has no room left is refused before any name is looked up', () =>
  withStore(async (store) => {
    await makeNode(store, { driverInfo: { ipmi_address: 'bmc-1' } });
    let count = 0;
    const { discover } = openDiscoveryStage(store, { ...LOOPBACK, perHourMax: 1 }, async () => {
      count += 1;
      return [];
    });
    await discover({ source: MACHINE.source });

    await assert.rejects(
      discover(MACHINE),
      (error: unknown) => error instanceof Refusal && error.status === 429,
    );

    assert.equal(count, 0);
  }));
