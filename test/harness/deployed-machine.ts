// The main job on an emulated machine: real firmware, our ramdisk from virtual media or over the network, a small real disk image, and
// the installed system's own words on the serial console. One machine at a time: each keeps both cores busy.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { type Lab, labUp } from './lab.ts';
import { NETWORK_BOOT_SETTINGS, networkBootObstacle, requireClosedBoot } from './network-boot.ts';
import { askFor, makeNode, patchNode, waitForState } from './node.ts';
import { waitFor } from './wait-for.ts';
import {
  BESSEMER,
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './service.ts';

const run = promisify(execFile);

/** Under software emulation a boot takes 20 to 70 s; four times that on a busy machine. */
const STEP_MS_MAX = 280_000;
const SERVICE_HOST = '10.99.0.1';
const HOSTNAME = 'emulated-host';

/** Why the emulated machines cannot run here, or undefined. */
const obstacle = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'needs root, for a network namespace';
  if (!existsSync('/dev/net/tun')) return 'needs /dev/net/tun, for the network of the machines';
  return undefined;
};

export type TinyImage = { readonly file: string; readonly sha256: string };

export const tinyImage = async (): Promise<TinyImage> => {
  const { stdout } = await run(BESSEMER, ['lab', 'image', 'tiny', '--format', 'raw.zst']);
  return JSON.parse(stdout) as TinyImage;
};

/** Resolves when the node is active. */
export const deployTinyImage = async (
  service: RunningService,
  uuid: string,
  { image, hostname }: { readonly image: TinyImage; readonly hostname: string },
): Promise<void> => {
  await patchNode(service, uuid, {
    '/instance_info/image_source': `file://${image.file}`,
    '/instance_info/image_os_hash_algo': 'sha256',
    '/instance_info/image_os_hash_value': image.sha256,
    '/instance_info/image_disk_format': 'raw',
  });
  await askFor(service, uuid, 'active', { configdrive: { meta_data: { hostname } } });
  await waitForState(service, uuid, ['active'], STEP_MS_MAX);
};

export type MachineWish = {
  readonly firmware: 'uefi' | 'bios';
  /** Bus and size. */
  readonly disk: string;
  /** `redfish` brings the ramdisk on virtual media, `ipmi` over the network, by PXE and TFTP of the firmware. */
  readonly bmc?: 'redfish' | 'ipmi';
  /** Unless said: a boot less. */
  readonly isErased?: boolean;
};

const why = obstacle();

export const testDeployedMachine = ({
  firmware,
  disk,
  bmc = 'redfish',
  isErased = true,
}: MachineWish): void => {
  const isIpmi = bmc === 'ipmi';
  const skip = (isIpmi ? networkBootObstacle() : why) ?? false;
  void test(
    `a ${firmware} machine behind ${bmc} is ${isErased ? 'erased, ' : ''}deployed and started from its ${disk} disk`,
    { skip },
    async () => {
      const directory = await makeDirectory();
      let lab: Lab | undefined;
      let service: RunningService | undefined;
      try {
        const image = await tinyImage();
        lab = await labUp(
          '--kind=qemu',
          `--bmc=${bmc}`,
          `--firmware=${firmware}`,
          `--disk=${disk}`,
          ...(isIpmi ? ['--network-loader=firmware'] : []),
        );
        const [machine] = lab.machines;
        assert.ok(machine);
        service = await startService({
          directory,
          listenHost: SERVICE_HOST,
          settings: [
            `image.file_directories=${image.file.slice(0, image.file.lastIndexOf('/'))}`,
            'redfish.allow_loopback=true',
            'ipmi.allow_loopback=true',
            `conductor.automated_clean=${isErased}`,
            ...(isIpmi ? NETWORK_BOOT_SETTINGS : []),
          ],
        });
        const uuid = await makeNode(service, machine, {
          properties: { capabilities: `boot_mode:${firmware}` },
          // Addresses come from DHCP there.
          ...(isIpmi ? { network_data: {} } : {}),
        });
        await askFor(service, uuid, 'manage');
        await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
        await askFor(service, uuid, 'provide');
        await waitForState(service, uuid, ['available'], STEP_MS_MAX);

        await deployTinyImage(service, uuid, { image, hostname: HOSTNAME });

        const console = await waitFor(
          () => readFile(machine.serial_log, 'utf8'),
          (text) => text.includes('lab-os:') && text.includes(HOSTNAME),
          STEP_MS_MAX,
        );
        assert.match(console, new RegExp(`lab-os:.*firmware ${firmware}`));
        if (isIpmi) await requireClosedBoot(service, machine);
        if (!isErased) return;
        const records = await service.call('GET', `/bessemer/nodes/${uuid}/erasures`);
        const { erasures } = records.body as {
          readonly erasures: readonly { readonly method: string }[];
        };
        assert.equal(erasures[0]?.method, disk.startsWith('nvme') ? 'nvme-format' : 'discard');
      } finally {
        await service?.stop();
        await lab?.down();
        await removeDirectory(directory);
      }
    },
  );
};
