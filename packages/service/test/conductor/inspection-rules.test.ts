// The step of an inspection that runs the rules, over a real store; and the calls that rules make.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';

import { systemClock } from '#clock';
import { makeApiCalls } from '#conductor/inspect/rules/api-calls';
import { applyInspectionRules } from '#conductor/inspect/rules/apply-rules';
import type { ApiCall } from '#conductor/inspect/rules/work';
import { inspectionRules } from '#store/inspection-rules';
import { findInventory, saveInventory } from '#store/inventories';
import { insertNode, updateNode } from '#store/nodes';
import { insertPort, listPortsOfNode } from '#store/ports';
import { openDriverInfo } from '#trust/driver-secrets';

import type { RuleAction, RuleCondition } from '@bessemer/protocol/inspection/rule-record';
import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid, PortUuid } from '@bessemer/protocol/uuid';

import { makeHandClock } from '../drivers/hand-clock.ts';
import { type Engine, FAKE_INTERFACES, memoryKeys, NOW_MS, openEngine } from './with-engine.ts';

const MAC = '52:54:00:00:00:01';
const INVENTORY: JsonObject = {
  cpu: { count: 8 },
  interfaces: [{ mac_address: MAC, vendor: '0x8086' }],
  system_vendor: { serial_number: 'S123' },
  bmc_password: 'CANARY',
};
const STEP = 'apply_inspection_rules';
const NOW = { nowMs: NOW_MS };

let engine: Engine;
afterEach(() => engine?.close());

const addRule = (
  actions: readonly RuleAction[],
  more: { priority?: number; sensitive?: boolean; conditions?: readonly RuleCondition[] } = {},
): Promise<unknown> =>
  inspectionRules.insert(
    engine.store.db,
    {
      uuid: randomUUID(),
      description: null,
      priority: 0,
      phase: 'main',
      sensitive: false,
      conditions: [],
      actions,
      ...more,
    },
    NOW,
  );

/** A machine whose inventory was accepted; it is given its rules, and then looked at. */
const inspect = async (
  addRules: () => Promise<unknown>,
  end: 'active' | 'deploy failed' = 'active',
): Promise<NodeRecord> => {
  engine = await openEngine([applyInspectionRules]);
  const uuid = await engine.begin([STEP]);
  const { db } = engine.store;
  await saveInventory(db, uuid, { inventory: INVENTORY, pluginData: { kept: 1 } }, NOW_MS);
  const port = { uuid: randomUUID() as PortUuid, nodeUuid: uuid, address: MAC };
  await insertPort(db, port, NOW);
  await updateNode(db, uuid, { traits: ['CUSTOM_OLD'], extra: { mine: 1 } });
  await addRules();
  engine.scheduler.nudge(uuid);
  return engine.until(
    () => engine.nodeOf(uuid),
    (node) => node.provisionState === end && node.reservation === null,
  );
};

describe('the step', () => {
  test('writes what the rules made of node, ports, traits and plugin data, and tells it', async () => {
    const node = await inspect(async () => {
      await addRule([{ op: 'set-attribute', args: ['extra/late', '{node.extra[early]}'] }]);
      await addRule(
        [
          { op: 'set-attribute', args: ['extra/early', '{inventory[cpu][count]}'] },
          { op: 'set-attribute', args: ['name', 'node-{inventory[system_vendor][serial_number]}'] },
          { op: 'add-trait', args: ['CUSTOM_NEW'] },
          { op: 'remove-trait', args: ['CUSTOM_OLD'] },
          { op: 'set-plugin-data', args: ['seen.by', 'rule'] },
          {
            op: 'set-port-attribute',
            args: { port_id: '{item[mac_address]}', path: 'vendor', value: '{item[vendor]}' },
            loop: ['{inventory[interfaces]}'],
          },
        ],
        { priority: 10 },
      );
      await addRule([{ op: 'fail', args: ['never'] }], {
        conditions: [{ op: 'gt', args: ['{inventory[cpu][count]}', 100] }],
      });
    });

    const { db } = engine.store;
    assert.deepEqual(node.extra, { mine: 1, early: 8, late: 8 });
    assert.deepEqual([node.name, node.traits], ['node-S123', ['CUSTOM_NEW']]);
    assert.deepEqual((await findInventory(db, node.uuid))?.pluginData, {
      kept: 1,
      seen: { by: 'rule' },
    });
    assert.equal((await listPortsOfNode(db, node.uuid))[0]?.vendor, '0x8086');
    const told = (await engine.journalOf(node.uuid)).find(({ event }) => event === 'ended')?.detail;
    const { applied = [], skipped } = told ?? {};
    assert.equal((applied as unknown[]).length, 2);
    assert.equal(skipped, 1);
    assert.match(JSON.stringify(told?.['did']), /"on":"extra\/early"/);
  });

  test('seals the credentials that a sensitive rule sets, and tells them to nobody', async () => {
    const node = await inspect(() =>
      addRule(
        [
          {
            op: 'set-attribute',
            args: ['driver_info/redfish_password', '{inventory[bmc_password]}'],
          },
        ],
        { sensitive: true },
      ),
    );

    const journal = await engine.journalOf(node.uuid);
    assert.ok(!JSON.stringify([node, journal]).includes('CANARY'));
    assert.deepEqual(openDriverInfo(memoryKeys(), node), { redfish_password: 'CANARY' });
  });

  test('tells the journal as much as fits where rules do much', async () => {
    const node = await inspect(() =>
      addRule([{ op: 'log', args: ['x'.repeat(400)], loop: Array<number>(60).fill(1) }]),
    );

    const ended = (await engine.journalOf(node.uuid)).find(({ event }) => event === 'ended');
    const { did } = ended?.detail ?? {};
    const told = did as JsonObject[];
    assert.equal(told[0]?.['op'], 'log');
    assert.deepEqual(told.at(-1), { more: 50 - told.length + 1 });
  });

  test('fails with the rule and its reason, and nothing of any rule is kept', async () => {
    const node = await inspect(async () => {
      await addRule([{ op: 'set-attribute', args: ['extra/x', 1] }], { priority: 5 });
      await addRule([{ op: 'fail', args: ['needs {inventory[cpu][count]} more'] }]);
    }, 'deploy failed');

    assert.match(node.lastError ?? '', /Inspection rule .* failed the inspection: needs 8 more/);
    assert.deepEqual([node.extra, node.traits], [{ mine: 1 }, ['CUSTOM_OLD']]);
    assert.equal((await engine.workflowOf(node.uuid)).failure?.code, 'inspect.rule');
  });

  test('fails when the name is taken, and when a call is made that nobody allowed', async () => {
    const named = await inspect(async () => {
      await insertNode(
        engine.store.db,
        { uuid: randomUUID() as NodeUuid, driver: 'x', interfaces: FAKE_INTERFACES, name: 'taken' },
        NOW,
      );
      await addRule([{ op: 'set-attribute', args: ['name', 'taken'] }]);
    }, 'deploy failed');
    assert.match(named.lastError ?? '', /called so already/);
    await engine.close();

    const called = await inspect(
      () => addRule([{ op: 'api-call', args: ['http://127.0.0.1:1/'] }]),
      'deploy failed',
    );
    assert.match(called.lastError ?? '', /api_call_hosts lists no hosts/);
  });

  test('has nothing to do where there are no rules', async () => {
    const node = await inspect(async () => undefined);

    assert.deepEqual(node.extra, { mine: 1 });
  });
});

const HOUR_MS = 3_600_000;

describe('a call of a rule', () => {
  const asked: string[] = [];
  const clock = makeHandClock();
  const server = createServer((request, reply) => {
    asked.push(`${String(request.headers['x-from'])} ${request.url}`);
    if (request.url === '/slow') clock.advance(HOUR_MS);
    if (request.url === '/moved') reply.writeHead(302, { location: 'http://169.254.169.254/' });
    else reply.writeHead(request.url === '/bad' ? 500 : 204);
    reply.end();
  });
  let host: string;
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  const call = (url: string): ApiCall => ({
    url,
    headers: { 'x-from': 'rule' },
    timeoutMs: 5_000,
    retryCountMax: 0,
  });
  const make = (url: string, hosts: readonly string[]): Promise<void> =>
    makeApiCalls([call(url)], hosts, systemClock);

  test('reaches a listed host, with its headers', async () => {
    await make(`http://${host}/good?a=1`, [host]);

    assert.deepEqual(asked, ['rule /good?a=1']);
  });

  test('fails when it is answered with a failure or sent elsewhere', async () => {
    await assert.rejects(make(`http://${host}/bad`, [host]), /was answered with 500/);
    await assert.rejects(make(`http://${host}/moved`, [host]), /was answered with 302/);
    await assert.rejects(make('http://localhost:1/', ['localhost:1']), /was not answered/);
  });

  test('is not made when those before it took too long', async () => {
    const calls = [call(`http://${host}/slow`), call(`http://${host}/never`)];

    await assert.rejects(makeApiCalls(calls, [host], clock), /is not made: those before it took/);

    assert.equal(asked.at(-1), 'rule /slow');
  });

  test('is not made to a host, port or address that is not for it', async () => {
    const before = asked.length;
    for (const [url, hosts] of [
      [`http://${host}/`, []],
      [`http://${host}/`, ['127.0.0.1']],
      [`http://${host}/`, ['example.org']],
      [`http://user@${host}/`, [host]],
      [`file:///etc/passwd`, ['']],
      ['http://169.254.169.254/latest', ['169.254.169.254']],
      ['http://0.0.0.0/', ['0.0.0.0']],
      ['http://[::ffff:169.254.169.254]/', ['[::ffff:a9fe:a9fe]']],
      ['nothing', ['nothing']],
    ] as const) {
      await assert.rejects(make(url, hosts), /is not made/, url);
    }
    assert.equal(asked.length, before);
  });
});
