// Firmware settings and versions of a node: read when it is managed, changed by steps, shown field by field.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { ALL_FAKE, openService, type Service } from './provision/with-service.ts';

let service: Service;
let uuid: NodeUuid;
before(async () => {
  service = await openService();
  ({ uuid } = await service.makeNode({ provisionState: 'enroll', interfaces: ALL_FAKE }));
  await service.told(uuid, { target: 'manage' });
  await service.untilState(uuid, 'manageable');
});
after(() => service.close());

const clean = async (step: object): Promise<void> => {
  await service.told(uuid, { target: 'clean', clean_steps: [step] });
  await service.untilState(uuid, 'manageable');
};

test('settings are listed, short and in detail, from their versions on', async () => {
  const path = `/v1/nodes/${uuid}/bios`;

  const short = await service.ask('GET', path);
  const detail = await service.ask('GET', `${path}?detail=true`);
  const some = await service.ask('GET', `${path}?fields=name,read_only`);

  assert.deepEqual(Object.keys(short.body.bios[0]).sort(), [
    'created_at',
    'links',
    'name',
    'updated_at',
    'value',
  ]);
  const turbo = detail.body.bios.find((each: { name: string }) => each.name === 'ProcTurboMode');
  assert.deepEqual(turbo.allowable_values, ['Enabled', 'Disabled']);
  assert.equal(turbo.attribute_type, 'Enumeration');
  assert.deepEqual(Object.keys(some.body.bios[0]), ['name', 'read_only']);
  assert.equal((await service.ask('GET', path, { version: '1.39' })).status, 404);
  assert.equal((await service.ask('GET', `${path}?detail=true`, { version: '1.73' })).status, 406);
  assert.equal((await service.ask('GET', `${path}?fields=zz`)).status, 400);
});

test('one setting is shown by its name', async () => {
  const one = await service.ask('GET', `/v1/nodes/${uuid}/bios/BootTimeout`);
  const old = await service.ask('GET', `/v1/nodes/${uuid}/bios/BootTimeout`, { version: '1.73' });
  const none = await service.ask('GET', `/v1/nodes/${uuid}/bios/Nothing`);

  assert.equal(one.body.BootTimeout.upper_bound, 30);
  assert.equal('upper_bound' in old.body.BootTimeout, false);
  assert.equal(none.status, 404);
  assert.match(none.fault ?? '', /doesn't have a BIOS setting 'Nothing'/);
});

test('a step changes settings, and a factory reset changes them back', async () => {
  const valueOf = async (): Promise<string> =>
    (await service.ask('GET', `/v1/nodes/${uuid}/bios/ProcTurboMode`)).body.ProcTurboMode.value;

  await clean({
    interface: 'bios',
    step: 'apply_configuration',
    args: { settings: [{ name: 'ProcTurboMode', value: 'Disabled' }] },
  });
  const applied = await valueOf();
  await clean({ interface: 'bios', step: 'factory_reset' });

  assert.equal(applied, 'Disabled');
  assert.equal(await valueOf(), 'Enabled');
});

test('an update leaves its version, and when it was flashed', async () => {
  const bmcOf = async (version = '1.115') => {
    const { body } = await service.ask('GET', `/v1/nodes/${uuid}/firmware`, { version });
    return body.firmware.find((each: { component: string }) => each.component === 'bmc');
  };
  const before = await bmcOf();

  await clean({
    interface: 'firmware',
    step: 'update',
    args: { settings: [{ component: 'bmc', url: 'https://example.com/bmc-2.1.0.bin' }] },
  });
  const after = await bmcOf();

  assert.deepEqual([before.current_version, before.last_version_flashed], ['1.0.0', null]);
  assert.deepEqual(
    [after.initial_version, after.current_version, after.last_version_flashed],
    ['1.0.0', 'bmc-2.1.0', 'bmc-2.1.0'],
  );
  assert.equal(after.vendor, 'Bessemer');
  assert.equal('vendor' in (await bmcOf('1.113')), false);
});

test('fields of firmware are asked for from their versions on', async () => {
  const ask = (version: string, fields: string) =>
    service.ask('GET', `/v1/nodes/${uuid}/firmware?fields=${fields}`, { version });

  assert.deepEqual((await ask('1.114', 'component,model')).body.firmware[0], {
    component: 'bios',
    model: null,
  });
  assert.equal((await ask('1.113', 'component,model')).status, 400);
  assert.equal((await ask('1.85', 'component')).status, 404);
});

test('a node that was never managed has nothing to show', async () => {
  const fresh = await service.makeNode({ provisionState: 'enroll' });

  assert.deepEqual((await service.ask('GET', `/v1/nodes/${fresh.uuid}/bios`)).body, { bios: [] });
  assert.deepEqual((await service.ask('GET', `/v1/nodes/${fresh.uuid}/firmware`)).body, {
    firmware: [],
  });
});
