import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeHandClock } from '../../test/drivers/hand-clock.ts';
import { nodeOf } from '../../test/drivers/node-of.ts';
import { DEFAULT_DRIVER_OPTIONS, makeDriverRegistry, type DriverOptions } from './registry.ts';

const log = { info: () => undefined, warn: () => undefined, debug: () => undefined };
const registryOf = (options: Partial<DriverOptions> = {}) =>
  makeDriverRegistry({
    options: { ...DEFAULT_DRIVER_OPTIONS, ...options },
    clock: makeHandClock(),
    log,
  });

test('every default of every hardware type is enabled', () => {
  for (const type of registryOf().hardwareTypes) {
    for (const [kind, name] of Object.entries(type.defaults)) {
      assert.ok(type.enabled[kind]?.includes(name), `${type.name} ${kind} ${name}`);
    }
  }
});

test('interfaces that are not asked for get their defaults', () => {
  const interfaces = registryOf().chooseInterfaces('fake-hardware', { deploy: 'direct' });

  assert.equal(interfaces.deploy, 'direct');
  assert.equal(interfaces.power, 'fake');
});

test('an unknown hardware type is refused in the words of the API', () => {
  assert.throws(() => registryOf().chooseInterfaces('zzz', {}), {
    status: 400,
    message:
      'No valid host was found. Reason: No conductor service registered which supports driver zzz for ' +
      'conductor group "". Ensure the driver is valid and enabled.',
  });
});

test('an unknown interface is refused in the words of the API', () => {
  assert.throws(() => registryOf().chooseInterfaces('redfish', { power: 'zz' }), {
    status: 400,
    message:
      "Could not find the following interface in the 'ironic.hardware.interfaces.power' entrypoint: zz. " +
      "Valid interfaces are ['fake', 'ipmitool', 'redfish'].",
  });
});

test('an interface of another hardware type is refused as not supported', () => {
  assert.throws(() => registryOf().chooseInterfaces('redfish', { power: 'fake' }), {
    status: 400,
    message: "power interface implementation 'fake' is not supported by hardware type redfish.",
  });
});

test('a hardware type that is not enabled does not exist', () => {
  const registry = registryOf({ enabledHardwareTypes: ['fake-hardware'] });

  assert.throws(() => registry.driverOf(nodeOf({})), { status: 400 });
});

test('a misspelt hardware type stops the start', () => {
  assert.throws(() => registryOf({ enabledHardwareTypes: ['redfisch'] }), /redfisch.*redfish/);
});

test('validate tells what is missing, what passes, and what is not there', () => {
  const registry = registryOf();
  const node = nodeOf({ redfish_address: 'https://10.0.0.9' });

  const results = registry.driverOf(node).validateAll(node);

  assert.deepEqual(results['power'], {
    result: false,
    reason:
      "Missing the following Redfish properties in node's driver_info: redfish_username, redfish_password",
  });
  assert.deepEqual(results['network'], { result: true });
  assert.deepEqual(results['raid'], {
    result: false,
    reason: 'Driver redfish does not support raid (disabled or not implemented).',
  });
  assert.match(results['deploy']?.reason ?? '', /instance_info\.image_source/);
  assert.equal(results['vendor'], undefined);
});
