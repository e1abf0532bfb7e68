// Machines that nobody enrolled and that call at the same moment, on every engine: the quotas hold, and a BMC becomes that of
// one node.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { findDiscovery } from '#store/discoveries';
import { listPortsByAddress } from '#store/ports';

import { type FoundMachine, openDiscoveryStage } from './discovery-stage.ts';
import { onBothEngines, RIVALS } from './store-engines.ts';

const rivals = (more: (index: number) => Partial<FoundMachine>): readonly FoundMachine[] =>
  Array.from({ length: RIVALS }, (_each, index) => ({ source: '192.0.2.9', ...more(index) }));

const outcomesOf = (asked: readonly PromiseSettledResult<unknown>[]) => ({
  found: asked.filter((each) => each.status === 'fulfilled' && each.value !== undefined).length,
  refused: asked
    .filter((each) => each.status === 'rejected')
    .map(({ reason }) => (reason instanceof Refusal ? reason.status : String(reason))),
});

const times = (count: number, status: number): readonly number[] =>
  Array.from({ length: count }, () => status);

onBothEngines((store) => {
  test('of machines that call at once as many become nodes as the hour has room for', async () => {
    const { discover } = openDiscoveryStage(store(), { perHourMax: 3 });

    const asked = await Promise.allSettled(
      rivals(() => ({ source: '198.51.100.9' })).map((machine) => discover(machine)),
    );

    assert.deepEqual(outcomesOf(asked), { found: 3, refused: times(RIVALS - 3, 429) });
  });

  test('of two networks each has its own hour, and what waits is counted over both', async () => {
    const before = await openDiscoveryStage(store()).countWaiting();
    const { discover, countWaiting } = openDiscoveryStage(store(), { waitingMax: before + 2 });

    const asked = await Promise.allSettled(
      rivals((index) => ({ source: index % 2 === 0 ? '192.0.2.9' : '203.0.113.9' })).map(
        (machine) => discover(machine),
      ),
    );

    assert.deepEqual(outcomesOf(asked), { found: 2, refused: times(RIVALS - 2, 429) });
    assert.equal(await countWaiting(), before + 2);
  });

  test('of machines that claim one BMC at once one gets it', async () => {
    const { discover } = openDiscoveryStage(store());

    const asked = await Promise.allSettled(
      rivals(() => ({ bmcAddress: '10.30.0.77' })).map((machine) => discover(machine)),
    );

    assert.deepEqual(outcomesOf(asked), { found: 1, refused: times(RIVALS - 1, 409) });
  });

  test('a machine that is told of several times at once is one node', async () => {
    const { discover } = openDiscoveryStage(store());
    const macs = ['52:54:00:12:34:56', '52:54:00:12:34:57'];

    const asked = await Promise.allSettled(rivals(() => ({ macs })).map((each) => discover(each)));

    const ports = await listPortsByAddress(store().db, macs);
    assert.deepEqual(outcomesOf(asked), { found: 1, refused: [] });
    assert.equal(new Set(ports.map(({ nodeUuid }) => nodeUuid)).size, 1);
    const [port] = ports;
    assert.ok(port !== undefined && (await findDiscovery(store().db, port.nodeUuid)) !== undefined);
  });
});
