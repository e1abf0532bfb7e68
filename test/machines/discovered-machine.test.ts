// A machine that nobody enrolled, with a BMC that everybody knows the password of: it boots our ramdisk, is discovered, and
// its BMC gets a password from inside, over /dev/ipmi0 of the guest, that the service then logs in with over the network.
// The same machine is erased with it; what a tenant left at the BMC is found then.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { cacheDirectory, RAMDISK_ISO } from '../../packages/protocol/src/paths.ts';
import { freePorts } from '../harness/free-ports.ts';
import { type Lab, type LabMachine, labUp } from '../harness/lab.ts';
import { NETWORK_BOOT_SETTINGS, networkBootObstacle } from '../harness/network-boot.ts';
import { askFor, showNode, waitForState } from '../harness/node.ts';
import {
  BESSEMER,
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from '../harness/service.ts';
import { waitFor } from '../harness/wait-for.ts';

const run = promisify(execFile);

/** Under software emulation a boot takes 20 to 70 s; four times that on a busy machine. */
const STEP_MS_MAX = 280_000;
const SERVICE_HOST = '10.99.0.1';
const BMC_HOST = '127.0.0.1';
/** What the simulated BMC of emulated machines has. */
const CIPHER_SUITE = '3';

type Login = { readonly username: string; readonly password: string };

const factoryLogin = ({ driver_info: info }: LabMachine): Login => ({
  username: info['ipmi_username'] ?? '',
  password: info['ipmi_password'] ?? '',
});

/** Over the network of the BMC, past the service. */
const askBmc = async (
  directory: string,
  { driver_info: info }: LabMachine,
  { username, password }: Login,
  ...words: readonly string[]
): Promise<boolean> => {
  const file = join(directory, 'tried-password');
  await writeFile(file, password, { mode: 0o600 });
  const place = ['-H', BMC_HOST, '-p', info['ipmi_port'] ?? '', '-U', username, '-f', file];
  const way = ['-I', 'lanplus', '-C', CIPHER_SUITE, '-R', '1', '-N', '2', ...place];
  return run('ipmitool', [...way, ...words]).then(
    () => true,
    () => false,
  );
};

const prepareService = async (directory: string, machine: LabMachine): Promise<RunningService> => {
  const [free = ''] = await freePorts(1);
  const agentPlace = free.replace(BMC_HOST, SERVICE_HOST);
  const service = await startService({
    directory,
    listenHost: SERVICE_HOST,
    args: ['--agent-listen', agentPlace],
    settings: [
      ...NETWORK_BOOT_SETTINGS,
      'ipmi.allow_loopback=true',
      'auto_discovery.enabled=true',
      'auto_discovery.allowed_networks=10.99.0.0/24',
      `auto_discovery.bmc_networks=${BMC_HOST}/32`,
      `auto_discovery.driver_info=ipmi_port=${machine.driver_info['ipmi_port']},ipmi_cipher_suite=${CIPHER_SUITE}`,
    ],
  });
  const data = ['--data', join(directory, 'data'), '--url', `https://${agentPlace}`];
  const base = join(cacheDirectory(process.env), RAMDISK_ISO);
  const files = ['--base', base, '--out', join(directory, 'medium')];
  await run(BESSEMER, ['discovery', 'medium', ...data, ...files]);
  return service;
};

const findNode = async (
  service: RunningService,
  { mac }: LabMachine,
): Promise<string | undefined> => {
  const { body } = await service.call('GET', `/v1/ports/detail?address=${mac}`);
  const { ports } = body as { readonly ports: readonly { readonly node_uuid: string }[] };
  return ports[0]?.node_uuid;
};

const credentialState = async (service: RunningService, uuid: string): Promise<string> => {
  const path = `/v1/nodes/${uuid}/vendor_passthru/bmc_credential_status`;
  const { state, last_result: last } = (await service.call('GET', path)).body as {
    readonly state: string;
    readonly last_result: object | null;
  };
  return `${state} ${JSON.stringify(last)} ${(await showNode(service, uuid)).last_error}`;
};

void test(
  'an unknown emulated machine is discovered, and its BMC has another password',
  { skip: networkBootObstacle() },
  async () => {
    const directory = await makeDirectory();
    let lab: Lab | undefined;
    let service: RunningService | undefined;
    try {
      lab = await labUp('--kind=qemu', '--bmc=ipmi', '--firmware=bios', '--disk=virtio:1G');
      const [machine] = lab.machines;
      assert.ok(machine);
      const factory = factoryLogin(machine);
      // Who put the BMC into the rack gave it its address.
      const setAddress = ['raw', '0x0c', '0x01', '1', '3', ...BMC_HOST.split('.')];
      assert.equal(await askBmc(directory, machine, factory, ...setAddress), true);
      service = await prepareService(directory, machine);
      const running = service;

      await lab.command('medium', machine.name, join(directory, 'medium/discovery.iso'));
      await lab.command('power', machine.name, 'on');
      const uuid = await waitFor(
        () => findNode(running, machine),
        (found) => found !== undefined,
        STEP_MS_MAX,
      );
      assert.ok(uuid);
      await waitFor(
        () => credentialState(running, uuid),
        (text) => text.startsWith('managed'),
        STEP_MS_MAX,
      );
      const stillOn = lab;
      await waitFor(
        () => stillOn.command('power', machine.name),
        (power) => power.trim() === 'off',
        STEP_MS_MAX,
      );

      assert.equal((await showNode(service, uuid)).provision_state, 'enroll');
      assert.equal(await askBmc(directory, machine, factory, 'chassis', 'status'), false);
      await askFor(service, uuid, 'manage');
      const managed = await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
      assert.equal(managed.power_state, 'power off');
    } finally {
      await service?.stop();
      await lab?.down();
      await removeDirectory(directory);
    }
  },
);
