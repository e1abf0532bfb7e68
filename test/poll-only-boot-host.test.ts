// The strictest site: machines boot over the network from a boot host that reaches nothing, and never call the control
// plane, whose listener for agents is not even open. Inspection and cleaning work all the same.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import {
  cacheDirectory,
  LIGHT_RAMDISK_INITRAMFS,
  LIGHT_RAMDISK_KERNEL,
} from '../packages/protocol/src/paths.ts';
import {
  type BootHostPlace,
  bootHostSettings,
  pairBootHost,
  type RunningBootHost,
  startBootHost,
} from './harness/boot-host.ts';
import { freePorts } from './harness/free-ports.ts';
import { type Lab, labUp } from './harness/lab.ts';
import { askFor, makeNode, showNode, waitForState } from './harness/node.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';

const STEP_MS_MAX = 90_000;

let directory: string;
let place: BootHostPlace;
let service: RunningService | undefined;
let lab: Lab | undefined;
let host: RunningBootHost | undefined;

before(async () => {
  directory = await makeDirectory();
  const [control = '', http = ''] = await freePorts(2);
  place = { data: join(directory, 'boot-host'), control, http };
  const netboot = `http://${http}`;
  lab = await labUp('--kind', 'simulated', '--disk', 'virtio:256M', '--netboot-url', netboot);
  const cache = cacheDirectory(process.env);
  service = await startService({
    directory,
    settings: [
      ...bootHostSettings(place),
      'agent.poll_only=true',
      'agent.poll_interval=2',
      'api.disable_agent_api=true',
      `deploy.deploy_kernel=${join(cache, LIGHT_RAMDISK_KERNEL)}`,
      `deploy.deploy_ramdisk=${join(cache, LIGHT_RAMDISK_INITRAMFS)}`,
    ],
  });
  await pairBootHost(place, directory);
  host = await startBootHost(place);
});
after(async () => {
  await host?.end('SIGTERM');
  await service?.stop();
  await lab?.down();
  await removeDirectory(directory);
});

test('a polled machine that boots from a separate host is inspected and cleaned', async () => {
  const [machine] = lab?.machines ?? [];
  assert.ok(service !== undefined && machine !== undefined);
  const uuid = await makeNode(service, machine, { boot_interface: 'ipxe' });
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);

  await askFor(service, uuid, 'inspect');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  assert.equal((await showNode(service, uuid)).properties['cpu_arch'], 'x86_64');

  await askFor(service, uuid, 'provide');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);

  // The token of each boot went over the boot host: nothing of it stays there.
  assert.deepEqual(await readdir(join(place.data, 'boots')), []);
  const answer = await service.call('GET', `/bessemer/nodes/${uuid}/audit`);
  const { audit } = answer.body as { readonly audit: readonly { readonly event: string }[] };
  const events = audit.map(({ event }) => event);
  assert.equal(events.filter((event) => event === 'agent.bound').length, 2);
  assert.ok(!events.includes('agent.lookup.granted'));
});
