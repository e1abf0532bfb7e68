// An emulated machine boots over the network from our own DHCP: real firmware, real loaders, the real ramdisk; no token
// in what is loaded, the agent gets it by its first lookup. One machine at a time: each keeps both cores busy.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { test } from 'node:test';

import { type Lab, type LabMachine, labUp } from './lab.ts';
import { askFor, makeNode, showNode, waitForState } from './node.ts';
import { makeDirectory, removeDirectory, type RunningService, startService } from './service.ts';
import { waitFor } from './wait-for.ts';

/** Under software emulation it takes 50 to 70 s; four times that on a busy machine. */
const STEP_MS_MAX = 280_000;
const SERVICE_HOST = '10.99.0.1';
const NETBOOT = `${SERVICE_HOST}:6388`;
/** Where the lab's cable to the machines ends on this host. */
const INTERFACE = 'bsm0';
const PROGRAMS = ['/usr/sbin/dnsmasq', '/usr/lib/ipxe/snponly.efi', '/usr/bin/qemu-system-x86_64'];

/** Why it cannot run here, or false. */
export const networkBootObstacle = (): string | false => {
  if (process.getuid?.() !== 0) return 'needs root, for a network namespace';
  if (!existsSync('/dev/net/tun')) return 'needs /dev/net/tun, for the network of the machines';
  const missing = PROGRAMS.find((path) => !existsSync(path));
  return missing === undefined ? false : `needs ${missing}`;
};

export type NetworkRoute = {
  readonly firmware: 'bios' | 'uefi';
  readonly bootInterface: 'ipxe' | 'http-ipxe';
  readonly loader: 'card' | 'firmware';
  readonly how: string;
};

const statusOf = (path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const [host, port] = NETBOOT.split(':');
    request({ host, port, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });

/** Paths of files that the service served, as its log tells of them. */
const servedBoots = async (service: RunningService): Promise<readonly string[]> => {
  const text = await readFile(service.logPath, 'utf8');
  return [...text.matchAll(/"root":"netboot","id":"([^"]+)"/g)].map(([, id]) => id ?? '');
};

/** What the machine was started with held no token, and nothing of it can be had any more. */
export const requireClosedBoot = async (
  service: RunningService,
  machine: LabMachine,
): Promise<void> => {
  const console = await readFile(machine.serial_log, 'utf8');
  assert.match(console, new RegExp(`BOOTIF=${machine.mac}`, 'i'));
  assert.doesNotMatch(console, /agent_token|ipa-agent-token/);
  // Nothing stays: not for the card, not for who kept the number of the boot.
  const mac = machine.mac.replaceAll(':', '-');
  await waitFor(
    () => statusOf(`/netboot/by-mac/${mac}`),
    (status) => status === 404,
    STEP_MS_MAX,
  );
  const [boot] = await servedBoots(service);
  assert.ok(boot !== undefined);
  assert.equal(await statusOf(`/netboot/${boot}/${'A'.repeat(43)}/1/config.cpio`), 410);
};

/** With our own DHCP on the lab's cable, and each file that is served in the log. */
export const NETWORK_BOOT_SETTINGS: readonly string[] = [
  `netboot.http_listen=${NETBOOT}`,
  `netboot.dhcp_interface=${INTERFACE}`,
  'netboot.dhcp_range=10.99.0.200,10.99.0.240,255.255.255.0,10m',
  'netboot.kernel_append_params=console=ttyS0',
  'DEFAULT.log_level=debug',
];

const startWithDhcp = (directory: string): Promise<RunningService> =>
  startService({
    directory,
    listenHost: SERVICE_HOST,
    settings: ['redfish.allow_loopback=true', ...NETWORK_BOOT_SETTINGS],
  });

export const testNetworkBoot = ({ firmware, bootInterface, loader, how }: NetworkRoute): void => {
  void test(
    `a ${firmware} machine boots over the network by ${how}`,
    { skip: networkBootObstacle() },
    async () => {
      const directory = await makeDirectory();
      let lab: Lab | undefined;
      let service: RunningService | undefined;
      try {
        lab = await labUp(
          '--kind=qemu',
          `--firmware=${firmware}`,
          `--network-loader=${loader}`,
          '--disk=virtio:1G',
        );
        const [machine] = lab.machines;
        assert.ok(machine);
        service = await startWithDhcp(directory);
        const uuid = await makeNode(service, machine, {
          boot_interface: bootInterface,
          // Addresses come from DHCP here.
          network_data: {},
          properties: { capabilities: `boot_mode:${firmware}` },
        });
        await askFor(service, uuid, 'manage');
        await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);

        await askFor(service, uuid, 'inspect');
        await waitForState(service, uuid, ['inspecting', 'inspect wait'], STEP_MS_MAX);
        await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);

        const { properties } = await showNode(service, uuid);
        assert.equal(properties['cpu_arch'], 'x86_64');
        await requireClosedBoot(service, machine);
      } finally {
        await service?.stop();
        await lab?.down();
        await removeDirectory(directory);
      }
    },
  );
};
