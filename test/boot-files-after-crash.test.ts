// T-37: boot files end with the work that they were for, also when the service died in between. The machine is a
// simulated one whose card finds nothing, so that the boot stays open as long as the test wants.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import {
  cacheDirectory,
  LIGHT_RAMDISK_INITRAMFS,
  LIGHT_RAMDISK_KERNEL,
} from '../packages/protocol/src/paths.ts';
import { freePorts } from './harness/free-ports.ts';
import { type Lab, labUp } from './harness/lab.ts';
import { askFor, makeNode, waitForState } from './harness/node.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';
import { waitFor } from './harness/wait-for.ts';

const LIMIT_MS = 30_000;

test('T-37: a killed service serves the boot again that is open, and nothing once it is over', async () => {
  const directory = await makeDirectory();
  const cache = cacheDirectory(process.env);
  const [netboot = ''] = await freePorts(1);
  let lab: Lab | undefined;
  let service: RunningService | undefined;
  const start = (): Promise<RunningService> =>
    startService({
      directory,
      settings: [
        'redfish.allow_loopback=true',
        `netboot.http_listen=${netboot}`,
        'netboot.source_check=off',
        `deploy.deploy_kernel=${join(cache, LIGHT_RAMDISK_KERNEL)}`,
        `deploy.deploy_ramdisk=${join(cache, LIGHT_RAMDISK_INITRAMFS)}`,
      ],
    });
  try {
    lab = await labUp('--kind', 'simulated');
    const [machine] = lab.machines;
    assert.ok(machine);
    const byMac = `http://${netboot}/netboot/by-mac/${machine.mac.replaceAll(':', '-')}`;
    service = await start();
    const uuid = await makeNode(service, machine, {
      boot_interface: 'ipxe',
      driver_info: machine.driver_info,
    });
    await askFor(service, uuid, 'manage');
    await waitForState(service, uuid, ['manageable'], LIMIT_MS);
    await askFor(service, uuid, 'inspect');
    await waitForState(service, uuid, ['inspect wait'], LIMIT_MS);
    const script = await (await fetch(byMac)).text();
    const files = script.match(/http:\S+/g) ?? [];
    assert.equal(files.length, 3, script);

    await service.kill();
    service = await start();

    assert.equal(await (await fetch(byMac)).text(), script);
    for (const file of files) assert.equal((await fetch(file, { method: 'HEAD' })).status, 200);
    await waitForState(service, uuid, ['inspect wait'], LIMIT_MS);
    await askFor(service, uuid, 'abort');
    await waitForState(service, uuid, ['inspect failed'], LIMIT_MS);
    // In the middle of its tidying up, or before, or behind.
    await service.kill();
    service = await start();

    await waitFor(
      async () => (await fetch(byMac)).status,
      (status) => status === 404,
      LIMIT_MS,
    );
    for (const file of files) assert.ok([404, 410].includes((await fetch(file)).status), file);
  } finally {
    await service?.stop();
    await lab?.down();
    await removeDirectory(directory);
  }
});
