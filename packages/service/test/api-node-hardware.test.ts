// Hardware of a node over the API, through a whole conductor and a fake machine.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { deployTemplates } from '#store/deploy-templates';
import { updateNode } from '#store/nodes';

import type { NodeRecord } from '@bessemer/protocol/node/record';

import { ALL_FAKE, openService, type Service } from './provision/with-service.ts';

const EVERYTHING: NodeRecord['interfaces'] = { ...ALL_FAKE, console: 'fake', vendor: 'fake' };
const NOTHING: NodeRecord['interfaces'] = {
  ...ALL_FAKE,
  bios: 'no-bios',
  firmware: 'no-firmware',
  raid: 'no-raid',
};

let service: Service;
before(async () => {
  service = await openService();
});
after(() => service.close());

const makeNode = (more: Parameters<Service['makeNode']>[0] = {}): Promise<NodeRecord> =>
  service.makeNode({ provisionState: 'manageable', interfaces: EVERYTHING, ...more });

const isIdle = (node: NodeRecord): boolean => node.reservation === null;

describe('RAID', () => {
  const disks = { logical_disks: [{ raid_level: '1', size_gb: 100, is_root_volume: true }] };

  test('is wished for, made by a clean step, and shown', async () => {
    const { uuid } = await makeNode();

    const wished = await service.ask('PUT', `/v1/nodes/${uuid}/states/raid`, { body: disks });
    await service.told(uuid, {
      target: 'clean',
      clean_steps: [{ interface: 'raid', step: 'create_configuration' }],
    });
    await service.untilState(uuid, 'manageable');
    const { body } = await service.ask('GET', `/v1/nodes/${uuid}/states`);

    assert.equal(wished.status, 204);
    assert.deepEqual(body.target_raid_config, disks);
    assert.equal(body.raid_config.logical_disks[0].size_gb, 100);
    assert.equal(body.last_error, null);
  });

  test('is refused by its shape, its version, and drivers without it', async () => {
    const { uuid } = await makeNode();
    const bare = await makeNode({ interfaces: NOTHING });
    const put = (node: string, body: object, version = '1.115') =>
      service.ask('PUT', `/v1/nodes/${node}/states/raid`, { body, version });

    const missing = await put(uuid, { foo: 1 });
    const old = await put(uuid, disks, '1.11');
    const unsupported = await put(bare.uuid, disks);
    const cleared = await put(uuid, {});

    assert.equal(missing.status, 400);
    assert.match(missing.fault ?? '', /'logical_disks' is a required property/);
    assert.equal(old.status, 406);
    assert.equal(unsupported.status, 404);
    assert.match(unsupported.fault ?? '', /does not support raid/);
    assert.equal(cleared.status, 204);
  });

  test('cannot be made of nothing', async () => {
    const { uuid } = await makeNode();

    await service.told(uuid, {
      target: 'clean',
      clean_steps: [{ interface: 'raid', step: 'create_configuration' }],
    });
    const node = await service.untilState(uuid, 'clean failed');

    assert.match(node.lastError ?? '', /has no target RAID configuration/);
  });
});

describe('boot mode and secure boot', () => {
  test('are taken, done, and shown', async () => {
    const { uuid } = await makeNode();

    const mode = await service.ask('PUT', `/v1/nodes/${uuid}/states/boot_mode`, {
      body: { target: 'bios' },
    });
    await service.until(uuid, isIdle);
    const secure = await service.ask('PUT', `/v1/nodes/${uuid}/states/secure_boot`, {
      body: { target: true },
    });
    await service.until(uuid, isIdle);
    const { body } = await service.ask('GET', `/v1/nodes/${uuid}/states`);

    assert.deepEqual([mode.status, secure.status], [202, 202]);
    assert.equal(body.boot_mode, 'bios');
    assert.equal(body.secure_boot, true);
  });

  test('are refused where they make no sense', async () => {
    const { uuid } = await makeNode();
    const busy = await makeNode({ provisionState: 'deploying' });
    const put = (node: string, name: string, target: unknown, version = '1.115') =>
      service.ask('PUT', `/v1/nodes/${node}/states/${name}`, { body: { target }, version });

    assert.equal((await put(uuid, 'boot_mode', 'legacy')).status, 400);
    assert.equal((await put(uuid, 'secure_boot', null)).status, 400);
    assert.equal((await put(uuid, 'boot_mode', 'uefi', '1.75')).status, 404);
    assert.equal((await put(busy.uuid, 'boot_mode', 'uefi')).status, 409);
  });
});

describe('the console', () => {
  test('is off, on with an address, and off again', async () => {
    const { uuid } = await makeNode();
    const path = `/v1/nodes/${uuid}/states/console`;
    const seen: unknown[] = [(await service.ask('GET', path)).body];

    for (const enabled of [true, false]) {
      const put = await service.ask('PUT', path, { body: { enabled } });
      assert.equal(put.status, 202);
      assert.match(String(put.headers['location']), /\/states\/console$/);
      await service.until(uuid, (node) => isIdle(node) && node.consoleEnabled === enabled);
      seen.push((await service.ask('GET', path)).body);
    }

    const off = { console_enabled: false, console_info: null };
    const info = { type: 'fake', url: `https://console.invalid/${uuid}` };
    assert.deepEqual(seen, [off, { console_enabled: true, console_info: info }, off]);
  });

  test('is 400 for a driver that has none', async () => {
    const { uuid } = await makeNode({ interfaces: NOTHING });

    const answer = await service.ask('GET', `/v1/nodes/${uuid}/states/console`);

    assert.equal(answer.status, 400);
    assert.match(answer.fault ?? '', /does not support console/);
  });
});

describe('indicators', () => {
  test('are listed, set and read', async () => {
    const { uuid } = await makeNode();
    const path = `/v1/nodes/${uuid}/management/indicators`;

    const list = await service.ask('GET', path);
    const set = await service.ask('PUT', `${path}/led@system`, { body: { state: 'blinking' } });
    const one = await service.ask('GET', `${path}/led@system`);

    const led = list.body.indicators.find((each: { name: string }) => each.name === 'led@system');
    assert.deepEqual(led.states, ['blinking', 'off', 'on']);
    assert.equal(led.readonly, false);
    assert.equal(led.links.length, 2);
    assert.equal(set.status, 204);
    assert.deepEqual(one.body, { state: 'blinking' });
  });

  test('that are not there, or cannot be set, are the mistake of the caller', async () => {
    const { uuid } = await makeNode();
    const path = `/v1/nodes/${uuid}/management/indicators`;
    const put = (place: string, state: string) =>
      service.ask('PUT', `${path}/${place}`, { body: { state } });

    assert.equal((await put('led@disk', 'on')).status, 400);
    assert.equal((await put('led', 'on')).status, 400);
    assert.equal((await put('led@system', 'purple')).status, 400);
    assert.equal((await put('health@power', 'on')).status, 400);
    assert.equal((await service.ask('GET', `${path}/system/led`)).status, 400);
  });
});

describe('virtual media', () => {
  test('are attached, shown without what opens them, and detached', async () => {
    const { uuid } = await makeNode();
    const path = `/v1/nodes/${uuid}/vmedia`;

    const attached = await service.ask('POST', path, {
      body: { device_type: 'cdrom', image_url: 'https://example.com/data.iso?signature=abc' },
    });
    await service.until(uuid, isIdle);
    const drives = await service.ask('GET', path);
    const detached = await service.ask('DELETE', `${path}?device_types=cdrom`);
    await service.until(uuid, isIdle);
    const empty = await service.ask('GET', path);

    assert.deepEqual([attached.status, detached.status], [204, 204]);
    const cd = drives.body.find((each: { inserted: boolean }) => each.inserted);
    assert.deepEqual(cd, {
      image: 'https://example.com/data.iso',
      inserted: true,
      media_types: ['CD', 'DVD'],
    });
    assert.ok(empty.body.every((each: { inserted: boolean }) => !each.inserted));
  });

  test('are refused by scheme, host, schema and version', async () => {
    const { uuid } = await makeNode();
    const path = `/v1/nodes/${uuid}/vmedia`;
    const good = { device_type: 'cdrom', image_url: 'https://example.com/a.iso' };
    const post = async (change: object, version = '1.115') =>
      (await service.ask('POST', path, { body: { ...good, ...change }, version })).status;

    for (const image_url of [
      'file:///etc/passwd',
      'http://169.254.169.254/a.iso',
      'http://10.0.0.1/a.iso',
      'nfs://2130706433/a.iso',
      'http://user:word@example.com/a.iso',
      'http://example.com/a b.iso',
      '',
      7,
    ]) {
      assert.equal(await post({ image_url }), 400, String(image_url));
    }
    assert.equal(await post({ device_type: 'tape' }), 400);
    assert.equal(await post({ more: 1 }), 400);
    assert.equal(await post({}, '1.88'), 404);
    assert.equal((await service.ask('GET', path, { version: '1.92' })).status, 404);
    assert.equal((await service.ask('DELETE', `${path}?device_types=tape`)).status, 400);
  });
});

test('validation tells of every kind of interface, and why one is not there', async () => {
  const whole = await makeNode();
  const bare = await makeNode({ interfaces: NOTHING });
  const validate = async ({ uuid }: NodeRecord) =>
    (await service.ask('GET', `/v1/nodes/${uuid}/validate`)).body;

  const results = await validate(whole);

  assert.deepEqual(Object.keys(results).sort(), [
    'bios',
    'boot',
    'console',
    'deploy',
    'firmware',
    'inspect',
    'management',
    'network',
    'power',
    'raid',
    'rescue',
    'storage',
  ]);
  for (const kind of ['bios', 'console', 'firmware', 'raid', 'rescue']) {
    assert.equal(results[kind].result, true, kind);
  }
  assert.deepEqual((await validate(bare)).raid, {
    result: false,
    reason: 'Driver fake-hardware does not support raid (disabled or not implemented).',
  });
});

describe('a machine that fails', () => {
  const driverInfo = { fake_fail: 'management' };

  test('is told of to whoever waits for it', async () => {
    const { uuid } = await makeNode({ driverInfo });
    const path = `/v1/nodes/${uuid}/management`;
    const answers = [
      await service.ask('PUT', `${path}/inject_nmi`, { body: {} }),
      await service.ask('PUT', `${path}/boot_device`, { body: { boot_device: 'pxe' } }),
      await service.ask('PUT', `${path}/indicators/led@system`, { body: { state: 'on' } }),
    ];

    for (const { status, fault } of answers) {
      assert.equal(status, 503);
      assert.match(fault ?? '', /fails at management/);
    }
  });

  test('leaves its last error where nobody waits', async () => {
    const { uuid } = await makeNode({ driverInfo, bootMode: 'uefi' });

    await service.ask('PUT', `/v1/nodes/${uuid}/states/boot_mode`, { body: { target: 'bios' } });
    const node = await service.until(uuid, isIdle);

    assert.match(node.lastError ?? '', /fails at management/);
    assert.equal(node.bootMode, 'uefi');
    assert.equal(node.provisionState, 'manageable');
  });
});

describe('a node that is being worked on', () => {
  test('is locked for what would change it', async () => {
    const { uuid } = await makeNode({ driverInfo: { fake_management_delay: 3_600 } });
    const change = (path: string, body: object) =>
      service.ask('PUT', `/v1/nodes/${uuid}/${path}`, { body });

    const first = await change('states/boot_mode', { target: 'bios' });
    const others = [
      await change('states/secure_boot', { target: true }),
      await change('states/console', { enabled: true }),
      await change('states/raid', {}),
      await change('management/inject_nmi', {}),
      await change('management/indicators/led@system', { state: 'on' }),
      await service.ask('DELETE', `/v1/nodes/${uuid}/vmedia`),
    ];

    assert.equal(first.status, 202);
    for (const { status, fault } of others) {
      assert.equal(status, 409);
      assert.match(fault ?? '', /is locked by host/);
    }
  });
});

describe('the interrupt', () => {
  test('is injected, from its version on', async () => {
    const { uuid } = await makeNode();
    const path = `/v1/nodes/${uuid}/management/inject_nmi`;

    assert.equal((await service.ask('PUT', path, { body: {} })).status, 204);
    assert.equal((await service.ask('PUT', path, { body: {}, version: '1.28' })).status, 404);
  });
});

describe('methods of the vendor', () => {
  test('are listed beside ours', async () => {
    const { uuid } = await makeNode();

    const { body } = await service.ask('GET', `/v1/nodes/${uuid}/vendor_passthru/methods`);

    assert.equal(body.first_method.async, true);
    assert.equal(body.third_method_sync.async, false);
    assert.equal(body.fourth_method_shared_lock.require_exclusive_lock, false);
    assert.deepEqual(body.agent_sessions.http_methods, ['GET']);
  });

  test('are waited for, or not, by path and by query', async () => {
    const { uuid } = await makeNode();
    const path = `/v1/nodes/${uuid}/vendor_passthru`;

    const sync = await service.ask('POST', `${path}/third_method_sync`, { body: { bar: 'meow' } });
    const byQuery = await service.ask('POST', `${path}?method=third_method_sync`, {
      body: { bar: 'x' },
    });
    const async = await service.ask('POST', `${path}/first_method`, { body: { bar: 'baz' } });
    const node = await service.until(uuid, isIdle);

    assert.deepEqual([sync.status, sync.body], [200, true]);
    assert.deepEqual([byQuery.status, byQuery.body], [200, false]);
    assert.deepEqual([async.status, async.text], [202, '']);
    assert.equal(node.lastError, null);
  });

  test('are refused by name, verb and argument', async () => {
    const { uuid } = await makeNode();
    const path = `/v1/nodes/${uuid}/vendor_passthru`;
    const faults = [
      await service.ask('POST', `${path}/zz`, { body: {} }),
      await service.ask('GET', `${path}/first_method`),
      await service.ask('POST', `${path}/first_method`, { body: {} }),
      await service.ask('POST', path, { body: {} }),
    ].map(({ status, fault }) => `${status} ${fault}`);

    assert.deepEqual(faults, [
      '400 No handler for method zz',
      '400 The method first_method does not support HTTP GET',
      "400 Parameter 'bar' not passed to method 'first_method'.",
      '400 Method not specified when calling vendor extension.',
    ]);
  });

  test('T-54: raw commands are refused unless the operator allows them', async () => {
    const { uuid } = await makeNode({ provisionState: 'available', traits: ['CUSTOM_RAW'] });
    const body = { raw_bytes: '0x00 0x01' };
    const raw = { interface: 'vendor', step: 'send_raw', args: body };
    // Written when they were allowed.
    await deployTemplates.insert(
      service.store.db,
      {
        uuid: randomUUID(),
        name: 'CUSTOM_RAW',
        steps: [{ ...raw, priority: 50 }],
        extra: {},
        description: null,
      },
      { nowMs: 0 },
    );
    await updateNode(service.store.db, uuid, { instanceInfo: { traits: ['CUSTOM_RAW'] } });

    const asCall = await service.ask('POST', `/v1/nodes/${uuid}/vendor_passthru/send_raw`, {
      body,
    });
    const asDeployStep = await service.tell(uuid, {
      target: 'active',
      deploy_steps: [{ ...raw, priority: 50 }],
    });
    const asTemplate = await service.tell(uuid, { target: 'active' });
    await updateNode(service.store.db, uuid, { provisionState: 'manageable' });
    const asStep = await service.tell(uuid, { target: 'clean', clean_steps: [raw] });
    const asStepOfChildren = await service.tell(uuid, {
      target: 'clean',
      clean_steps: [{ ...raw, execute_on_child_nodes: true }],
    });
    const kept = await service.ask('POST', '/v1/runbooks', {
      body: { name: 'raw', steps: [{ ...raw, order: 1 }] },
    });

    for (const answer of [asCall, asDeployStep, asTemplate, asStep, asStepOfChildren, kept]) {
      assert.equal(answer.status, 403, answer.text);
      assert.match(answer.fault ?? '', /send_raw is disallowed/);
    }
    assert.equal((await service.nodeOf(uuid)).provisionState, 'manageable');
  });

  test('T-55: what is no bytes reaches no BMC', async () => {
    const open = await openService({ api: { disallowedSteps: [] } });
    try {
      const { uuid } = await open.makeNode({
        provisionState: 'manageable',
        interfaces: EVERYTHING,
      });
      const path = `/v1/nodes/${uuid}/vendor_passthru/send_raw`;
      const post = async (raw_bytes: unknown) =>
        (await open.ask('POST', path, { body: { raw_bytes } })).status;

      assert.equal(await post('0x00; reboot'), 400);
      assert.equal(await post('$(id)'), 400);
      assert.equal(await post(['0x00']), 400);
      assert.equal(await post('0x00 0x01'), 202);
    } finally {
      await open.close();
    }
  });
});
