// What the operator does where a host is not as it was left: found again, failed, in maintenance, or to be let go
// while it is at work.

import assert from 'node:assert/strict';

import { NODE, patch, rests, verb } from './common-steps.ts';
import { BIOS, CONFIG_DRIVE, DELETE_IN_MAINTENANCE, setImage } from './sequences.ts';
import type { Step } from './step.ts';

const comesTo = (state: string, check: NonNullable<Step['check']>): Step => ({
  method: 'GET',
  path: NODE,
  status: 200,
  until: (body) => body.provision_state === state && body.reservation === null,
  check,
});

const tells = ({ last_error: error }: { readonly last_error: string | null }): void =>
  assert.ok(error !== null && error.length > 0);

const wishImage: Step = {
  ...setImage,
  check: ({ instance_uuid: seen }, { instance }) => assert.equal(seen, instance),
};

const deploy = (more: object = {}): Step => verb('active', { configdrive: CONFIG_DRIVE, ...more });

const byMac: Step = {
  method: 'GET',
  path: '/v1/ports?fields=node_uuid,uuid,address&address=:mac',
  status: 200,
  check: ({ ports }) => assert.equal(ports.length, 1),
  keep: ({ ports: [port] }) => ({ node: port.node_uuid }),
};

/** A node that somebody made without a name, and that has the address of the host: it becomes the host's. */
export const ADOPT_BY_ADDRESS: readonly Step[] = [
  {
    method: 'POST',
    path: '/v1/nodes',
    body: { driver: 'fake-hardware' },
    status: 201,
    keep: ({ uuid }) => ({ stray: uuid }),
  },
  {
    method: 'POST',
    path: '/v1/ports',
    body: { node_uuid: ':stray', address: ':mac', pxe_enabled: true },
    status: 201,
  },
  { method: 'GET', path: '/v1/nodes/:namespace~:host', status: 404 },
  { method: 'GET', path: '/v1/nodes/:host', status: 404 },
  byMac,
  {
    method: 'GET',
    path: NODE,
    status: 200,
    check: ({ uuid, name }, { stray }) => assert.deepEqual([uuid, name], [stray, null]),
  },
  {
    ...patch(['/name', ':namespace~:host']),
    check: ({ name }, { namespace, host }) => assert.equal(name, `${namespace}~${host}`),
  },
  verb('manage'),
  rests('manageable'),
];

/** After it was deleted behind the operator's back: what is known of it leads nowhere, and it is registered again. */
export const LOSE: readonly Step[] = [
  { method: 'DELETE', path: NODE, status: 204 },
  { method: 'GET', path: NODE, status: 404 },
];

/** The image of the first attempt is kept; with another one it is tried again. */
export const FAIL_THEN_DEPLOY_ANOTHER: readonly Step[] = [
  wishImage,
  verb('provide'),
  rests('available'),
  deploy(),
  comesTo('deploy failed', (body) => {
    tells(body);
    assert.equal(body.maintenance, false);
    // It goes on aiming at what it was to become.
    assert.equal(body.target_provision_state, 'active');
  }),
  patch(
    ['/instance_info/image_source', 'http://images.invalid/other.qcow2'],
    ['/driver_info/fake_fail', ''],
  ),
  deploy(),
  rests('active', ({ last_error: error }) => assert.equal(error, null)),
];

/** A deployment that is made of steps of the user's. */
export const DEPLOY_BY_STEPS: readonly Step[] = [
  wishImage,
  verb('provide'),
  rests('available'),
  deploy({
    deploy_steps: [
      {
        interface: 'raid',
        step: 'apply_configuration',
        args: { raid_config: { logical_disks: [{ size_gb: 10, raid_level: '0' }] } },
        priority: 80,
      },
    ],
  }),
  rests('active', ({ raid_config: raid }) => assert.equal(raid.logical_disks.length, 1)),
];

/** Maintenance that no fault is the reason of is ended before anything is done. */
export const LEAVE_MAINTENANCE: readonly Step[] = [
  { method: 'PUT', path: `${NODE}/maintenance`, body: { reason: 'somebody' }, status: 202 },
  {
    method: 'GET',
    path: NODE,
    status: 200,
    check: ({ maintenance, fault }) => assert.deepEqual([maintenance, fault], [true, null]),
  },
  { method: 'DELETE', path: `${NODE}/maintenance`, status: 202 },
  verb('provide'),
  rests('available', ({ maintenance, health }) => {
    assert.equal(maintenance, false);
    // Known from 1.109 on; nobody has told yet.
    assert.equal(health, null);
  }),
];

export const FAIL_TO_SERVICE: readonly Step[] = [
  patch(['/driver_info/fake_fail', 'management']),
  verb('service', {
    service_steps: [{ interface: 'bios', step: 'apply_configuration', args: { settings: BIOS } }],
  }),
  comesTo('service failed', (body) => {
    tells(body);
    assert.equal(body.maintenance, true);
  }),
  // First, since in maintenance nothing is given up.
  { method: 'DELETE', path: `${NODE}/maintenance`, status: 202 },
  verb('abort'),
  rests('active'),
];

/** Let go by force in the middle of a deployment; where it rests it is aborted first. */
export const DELETE_WHILE_DEPLOYED: readonly Step[] = [
  wishImage,
  verb('provide'),
  rests('available'),
  deploy({ deploy_steps: [{ interface: 'deploy', step: 'hold', args: {}, priority: 80 }] }),
  comesTo('deploy hold', ({ target_provision_state: target }) => {
    assert.equal(target, 'active');
  }),
  verb('abort'),
  comesTo('deploy failed', tells),
  ...DELETE_IN_MAINTENANCE,
];
