// What the operator does with a host, from finding it to letting it go, as it comes over the wire.

import assert from 'node:assert/strict';

import type { Body } from '../api-client.ts';
import { NODE, patch, rests, verb } from './common-steps.ts';
import type { Step } from './step.ts';

/** Before anything is used; the version is picked by what is offered. */
export const CONNECT: readonly Step[] = [
  {
    method: 'GET',
    path: '/v1/',
    status: 200,
    check: ({ version }) => {
      assert.deepEqual([version.id, version.status], ['v1', 'CURRENT']);
      assert.ok(Number(version.version.split('.')[1]) >= 110, version.version);
      assert.equal(version.min_version, '1.1');
    },
  },
  {
    method: 'GET',
    path: '/v1/drivers',
    status: 200,
    check: ({ drivers }) => assert.ok(drivers.length > 0),
  },
];

/** `facts` are those of the host, as its BMC address and kind give them. */
export const register = (driverInfo: object, facts: object = {}): readonly Step[] => [
  { method: 'GET', path: '/v1/nodes/:namespace~:host', status: 404 },
  { method: 'GET', path: '/v1/nodes/:host', status: 404 },
  {
    method: 'GET',
    path: '/v1/ports?fields=node_uuid,uuid,address&address=:mac',
    status: 200,
    check: ({ ports }) => assert.deepEqual(ports, []),
  },
  {
    method: 'POST',
    path: '/v1/nodes',
    body: {
      driver: 'fake-hardware',
      name: ':namespace~:host',
      driver_info: driverInfo,
      boot_interface: 'fake',
      firmware_interface: 'fake',
      raid_interface: 'fake',
      inspect_interface: 'fake',
      disable_power_off: false,
      properties: { capabilities: 'boot_mode:uefi', cpu_arch: 'x86_64' },
      ...facts,
    },
    status: 201,
    keep: ({ uuid }) => ({ node: uuid }),
  },
  {
    method: 'GET',
    path: '/v1/nodes/:namespace~:host',
    status: 200,
    check: ({ uuid, provision_state: state, disable_power_off: isKept }, { node }) =>
      assert.deepEqual([uuid, state, isKept], [node, 'enroll', false]),
  },
  {
    method: 'GET',
    path: '/v1/ports?fields=node_uuid,uuid,address&node_uuid=:node',
    status: 200,
    check: ({ ports }) => assert.deepEqual(ports, []),
  },
  {
    method: 'POST',
    path: '/v1/ports',
    body: { node_uuid: ':node', address: ':mac', pxe_enabled: true },
    status: 201,
  },
  {
    method: 'GET',
    path: '/v1/ports?fields=node_uuid,uuid,address&address=:mac',
    status: 200,
    check: ({ ports }, { node }) => assert.equal(ports[0].node_uuid, node),
  },
  verb('manage'),
  rests('manageable'),
  patch(
    ['/driver_info/deploy_kernel', 'http://images.invalid/kernel'],
    ['/driver_info/deploy_ramdisk', 'http://images.invalid/ramdisk'],
    ['/driver_info/kernel_append_params', 'console=ttyS0'],
    ['/automated_clean', false],
    ['/properties/capabilities', 'boot_mode:uefi,secure_boot:false'],
  ),
];

/** Credentials that changed: all of driver_info at once. */
export const CHANGE_CREDENTIALS: readonly Step[] = [
  patch(['/driver_info', { fake_password: 'other', fake_power_delay: 0 }]),
  {
    method: 'GET',
    path: NODE,
    status: 200,
    check: ({ driver_info: info }) =>
      assert.deepEqual(info, { fake_password: '******', fake_power_delay: 0 }),
  },
];

export const INSPECT: readonly Step[] = [
  patch(['/properties/cpu_arch', 'x86_64'], ['/inspect_interface', 'fake']),
  { method: 'GET', path: `${NODE}/inventory`, status: 404 },
  verb('inspect'),
  rests('manageable'),
];

export const ABORT_INSPECTION: readonly Step[] = [
  verb('inspect'),
  {
    method: 'GET',
    path: NODE,
    status: 200,
    until: (body) => body.provision_state === 'inspect wait',
    check: ({ target_provision_state: target }) => assert.equal(target, 'manageable'),
  },
  verb('abort'),
  rests('inspect failed', ({ last_error: error }) => assert.match(error, /aborted/)),
];

const RAID = { logical_disks: [{ size_gb: 100, raid_level: '1', controller: 'software' }] };
export const BIOS = [{ name: 'ProcTurboMode', value: 'Disabled' }];

export const PREPARE: readonly Step[] = [
  patch(['/raid_interface', 'fake']),
  { method: 'PUT', path: `${NODE}/states/raid`, body: RAID, status: 204 },
  verb('clean', {
    clean_steps: [
      { interface: 'raid', step: 'delete_configuration' },
      { interface: 'raid', step: 'create_configuration' },
      { interface: 'bios', step: 'apply_configuration', args: { settings: BIOS } },
      {
        interface: 'firmware',
        step: 'update',
        args: { settings: [{ component: 'bmc', url: 'http://images.invalid/bmc-2.0.bin' }] },
      },
    ],
  }),
  rests('manageable', ({ raid_config: raid }) => assert.equal(raid.logical_disks.length, 1)),
  {
    method: 'GET',
    path: `${NODE}/bios?detail=true`,
    status: 200,
    check: ({ bios }) =>
      assert.equal(bios.find((each: Body) => each.name === 'ProcTurboMode').value, 'Disabled'),
  },
  {
    method: 'GET',
    path: `${NODE}/firmware`,
    status: 200,
    check: ({ firmware }) => {
      const bmc = firmware.find((each: Body) => each.component === 'bmc');
      assert.equal(bmc.current_version, 'bmc-2.0');
    },
  },
];

export const RECOVER_FROM_FAILED_CLEANING: readonly Step[] = [
  verb('clean', { clean_steps: [{ interface: 'deploy', step: 'erase_devices' }] }),
  {
    method: 'GET',
    path: NODE,
    status: 200,
    until: (body) => body.provision_state === 'clean failed',
    check: ({ maintenance, last_error: error }) => {
      assert.equal(maintenance, true);
      assert.ok(error.length > 0);
    },
  },
  { method: 'DELETE', path: `${NODE}/maintenance`, status: 202 },
  verb('manage'),
  rests('manageable'),
];

const IMAGE = {
  image_source: 'http://images.invalid/root.qcow2',
  image_os_hash_algo: 'sha256',
  image_os_hash_value: 'a'.repeat(64),
  image_disk_format: 'qcow2',
};

export const CONFIG_DRIVE = {
  meta_data: { name: 'host-0', uuid: ':instance' },
  network_data: {},
  user_data: '#cloud-config\n',
};

export const setImage = patch(
  ['/instance_uuid', ':instance'],
  ['/instance_info/image_source', IMAGE.image_source],
  ['/instance_info/image_os_hash_algo', IMAGE.image_os_hash_algo],
  ['/instance_info/image_os_hash_value', IMAGE.image_os_hash_value],
  ['/instance_info/image_disk_format', IMAGE.image_disk_format],
  ['/instance_info/capabilities', { boot_option: 'local' }],
  ['/instance_info/root_device', { name: 's== /dev/sda' }],
  ['/driver_info/force_persistent_boot_device', 'Default'],
);

export const PROVISION: readonly Step[] = [
  // Its value is filled in on the way.
  { ...setImage, check: ({ instance_uuid: seen }, { instance }) => assert.equal(seen, instance) },
  {
    method: 'GET',
    path: `${NODE}/validate`,
    status: 200,
    check: ({ boot, deploy }) => assert.deepEqual([boot.result, deploy.result], [true, true]),
  },
  verb('provide'),
  rests('available'),
  verb('active', { configdrive: CONFIG_DRIVE }),
  rests('active', ({ instance_info: info, last_error: error }) => {
    assert.equal(info.image_source, IMAGE.image_source);
    assert.equal(error, null);
  }),
];

export const ADOPT: readonly Step[] = [
  { ...setImage, check: ({ instance_uuid: seen }, { instance }) => assert.equal(seen, instance) },
  verb('adopt'),
  rests('active'),
];

const powerIs = (power: string): Step => ({
  method: 'GET',
  path: NODE,
  status: 200,
  until: (body) => body.power_state === power && body.target_power_state === null,
});

const setPower = (target: string, more: object = {}): Step => ({
  method: 'PUT',
  path: `${NODE}/states/power`,
  body: { target, ...more },
  status: 202,
});

export const POWER: readonly Step[] = [
  setPower('power on'),
  powerIs('power on'),
  setPower('soft power off', { timeout: 180 }),
  powerIs('power off'),
  setPower('power on'),
  powerIs('power on'),
  // What this machine cannot do softly is done hard.
  { ...setPower('soft power off', { timeout: 0 }), fallback: { target: 'power off' } },
  powerIs('power off'),
  setPower('power on'),
  powerIs('power on'),
];

export const SERVICE: readonly Step[] = [
  verb('service', {
    service_steps: [{ interface: 'bios', step: 'apply_configuration', args: { settings: BIOS } }],
  }),
  rests('active'),
];

const MEDIA = `${NODE}/vmedia`;

/** Media come and go after the answer. */
const isEmpty = (drives: Body): boolean => drives.every((drive: Body) => drive.inserted === false);

export const DATA_IMAGE: readonly Step[] = [
  {
    method: 'GET',
    path: MEDIA,
    status: 200,
    check: (drives) => assert.ok(isEmpty(drives)),
  },
  {
    method: 'POST',
    path: MEDIA,
    body: { device_type: 'cdrom', image_url: ':image' },
    status: 204,
  },
  {
    method: 'GET',
    path: MEDIA,
    status: 200,
    until: (drives) => drives.some((drive: Body) => drive.inserted),
    check: (drives) => {
      const full = drives.filter((drive: Body) => drive.inserted);
      assert.equal(full.length, 1);
      assert.ok(Array.isArray(full[0].media_types));
    },
  },
  { method: 'DELETE', path: `${MEDIA}?device_types=cdrom`, status: 204 },
  {
    method: 'GET',
    path: MEDIA,
    status: 200,
    until: isEmpty,
  },
];

const noMembers = ({ Members: members }: Body): void => assert.deepEqual(members, []);

const PASSTHRU = `${NODE}/vendor_passthru?method=`;

export const BMC_EVENTS: readonly Step[] = [
  {
    method: 'POST',
    path: `${PASSTHRU}create_subscription`,
    body: {
      Destination: 'https://events.invalid/webhook',
      Context: 'host-0',
      HttpHeaders: [{ Authorization: 'Basic aGlkZGVu' }],
    },
    status: 200,
    keep: (body) => ({ subscription: body.Id }),
    check: (body) => {
      assert.ok(typeof body.Id === 'string' && body.Id.length > 0);
      assert.doesNotMatch(JSON.stringify(body), /aGlkZGVu/);
    },
  },
  {
    method: 'DELETE',
    path: `${PASSTHRU}delete_subscription`,
    body: { id: ':subscription' },
    status: 200,
  },
  { method: 'GET', path: `${PASSTHRU}get_all_subscriptions`, status: 200, check: noMembers },
];

export const DEPROVISION: readonly Step[] = [
  patch(['/automated_clean', true]),
  verb('deleted'),
  rests('available', ({ instance_info: info }) => assert.deepEqual(info, {})),
];

const capacity: Step = {
  method: 'GET',
  path: '/v1/nodes?fields=uuid,name,provision_state,boot_interface',
  status: 200,
};

const gone: Step = { method: 'GET', path: NODE, status: 404 };

/** From `available` or `manageable`. */
export const DELETE: readonly Step[] = [
  capacity,
  { method: 'PATCH', path: NODE, body: [{ op: 'remove', path: '/instance_uuid' }], status: 200 },
  { method: 'DELETE', path: NODE, status: 204 },
  gone,
];

/** From a state that nothing is deleted in otherwise. */
export const DELETE_IN_MAINTENANCE: readonly Step[] = [
  {
    method: 'PUT',
    path: `${NODE}/maintenance`,
    body: { reason: 'forced deletion in baremetal-operator' },
    status: 202,
  },
  { method: 'DELETE', path: NODE, status: 204 },
  gone,
];

/** A change while the machine is being switched on is told to come again, and then made. */
export const CHANGE_WHILE_BUSY: readonly Step[] = [
  setPower('power on'),
  patch(['/extra/seen', 'yes']),
  powerIs('power on'),
];
