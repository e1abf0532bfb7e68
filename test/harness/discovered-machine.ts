// A machine that nobody enrolled, with a BMC that everybody knows the password of: it boots our ramdisk, is discovered, and
// its BMC gets a password from inside, over /dev/ipmi0 of the guest, that the service then logs in with over the network.
// The same machine is erased and deployed with it; an account that a tenant made at the BMC is gone after the next cleaning.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { cacheDirectory, RAMDISK_ISO } from '../../packages/protocol/src/paths.ts';
import { deployTinyImage, tinyImage, type TinyImage } from './deployed-machine.ts';
import { freePorts } from './free-ports.ts';
import { type Lab, type LabMachine, labUp } from './lab.ts';
import { NETWORK_BOOT_SETTINGS, networkBootObstacle } from './network-boot.ts';
import { askFor, showNode, waitForState } from './node.ts';
import {
  BESSEMER,
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './service.ts';
import { waitFor } from './wait-for.ts';

const run = promisify(execFile);

/** Under software emulation a boot takes 20 to 70 s; four times that on a busy machine. */
const STEP_MS_MAX = 280_000;
const SERVICE_HOST = '10.99.0.1';
const BMC_HOST = '127.0.0.1';
/** What the simulated BMC of emulated machines has. */
const CIPHER_SUITE = '3';
const HOSTNAME = 'discovered-host';

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

const TENANT: Login = { username: 'tenant', password: 'Left-behind-1234' };
const APP = 0x06;
const SET_USER_ACCESS = 0x43;
const SET_USER_NAME = 0x45;
const SET_USER_PASSWORD = 0x47;
/** What ends a message, and a word about the machine's power, on that wire. */
const MESSAGE_END = 0xa0;
const HINT_END = 0xa1;
const TENANT_ID = 9;
const ADMINISTRATOR = 4;

/**
 * What root on the machine does, by the wire that is the machine's system interface (its system, which is tiny, has no
 * ipmitool): no login. The machine is off, as the wire has room for one.
 */
const addTenantAccount = async (lab: Lab, { name }: LabMachine): Promise<void> => {
  const socket = connect(join(lab.directory, 'machines', name, 'kcs.sock'));
  const field = (text: string): number[] => [...Buffer.alloc(16).fill(text, 0, text.length)];
  const commands = [
    [SET_USER_NAME, TENANT_ID, ...field(TENANT.username)],
    [SET_USER_PASSWORD, TENANT_ID, 2, ...field(TENANT.password)],
    [SET_USER_ACCESS, 0x91, TENANT_ID, ADMINISTRATOR],
    [SET_USER_PASSWORD, TENANT_ID, 1, ...field('')],
  ];
  // Its version comes first.
  await once(socket, 'data');
  for (const [index, command] of commands.entries()) {
    const content = [index, APP << 2, ...command];
    const sum = content.reduce((total, each) => total + each, 0);
    socket.write(Buffer.from([...content, -sum & 0xff, MESSAGE_END]));
    let answer = Buffer.alloc(0);
    while (answer.at(-1) !== MESSAGE_END) {
      const [part] = (await once(socket, 'data')) as [Buffer];
      answer = Buffer.concat([answer, part]);
    }
    const [, , , code] = answer.subarray(answer.lastIndexOf(HINT_END) + 1);
    assert.equal(code, 0, 'the BMC did what it was told');
  }
  socket.end();
  await once(socket, 'close');
};

const prepareService = async (
  directory: string,
  machine: LabMachine,
  image: TinyImage,
): Promise<RunningService> => {
  const [free = ''] = await freePorts(1);
  const agentPlace = free.replace(BMC_HOST, SERVICE_HOST);
  const service = await startService({
    directory,
    listenHost: SERVICE_HOST,
    args: ['--agent-listen', agentPlace],
    settings: [
      ...NETWORK_BOOT_SETTINGS,
      `image.file_directories=${dirname(image.file)}`,
      'ipmi.allow_loopback=true',
      'bmc_credentials.disable_unexpected_accounts=true',
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

/** What the simulated BMC holds for the accounts of the service. */
const ownPasswords = async (lab: Lab, { name }: LabMachine): Promise<readonly string[]> => {
  const path = join('machines', name, 'ipmi-state/ipmi_sim', name, 'users.mc20');
  const text = await readFile(join(lab.directory, path), 'latin1');
  const ids = [...text.matchAll(/^(\d+)\.username:d:bsmr-/gm)].map(([, id]) => id ?? '');
  return ids.map((id) => new RegExp(`^${id}\\.passwd:d:(\\w+)`, 'm').exec(text)?.[1] ?? '');
};

/** Nobody who reads the console or the log has them. */
const requireUnseen = async (
  service: RunningService,
  machine: LabMachine,
  passwords: readonly string[],
): Promise<void> => {
  assert.equal(passwords.filter((each) => each.length >= 16).length, 2);
  for (const path of [machine.serial_log, service.logPath]) {
    const text = await readFile(path, 'utf8');
    assert.equal(passwords.filter((each) => text.includes(each)).length, 0, path);
  }
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

export type DiscoveryWish = {
  /** It is cleaned, deployed, and given back by a tenant who left an account at its BMC, too. */
  readonly isUsed: boolean;
};

export const testDiscoveredMachine = ({ isUsed }: DiscoveryWish): void => {
  void test(
    isUsed
      ? 'an unknown emulated machine is discovered, used with its new password, and cleaned of what a tenant left'
      : 'an unknown emulated machine is discovered, and the password that everybody knows is dead',
    { skip: networkBootObstacle() },
    async () => {
      const directory = await makeDirectory();
      let lab: Lab | undefined;
      let service: RunningService | undefined;
      try {
        const image = await tinyImage();
        lab = await labUp('--kind=qemu', '--bmc=ipmi', '--firmware=uefi', '--disk=virtio:6G');
        const [machine] = lab.machines;
        assert.ok(machine);
        const factory = factoryLogin(machine);
        // Who put the BMC into the rack gave it its address.
        const setAddress = ['raw', '0x0c', '0x01', '1', '3', ...BMC_HOST.split('.')];
        assert.equal(await askBmc(directory, machine, factory, ...setAddress), true);
        service = await prepareService(directory, machine, image);
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
        const first = await ownPasswords(lab, machine);
        await requireUnseen(service, machine, first);

        if (!isUsed) return;
        await askFor(service, uuid, 'provide');
        await waitForState(service, uuid, ['available'], STEP_MS_MAX);
        await deployTinyImage(service, uuid, { image, hostname: HOSTNAME });
        await waitFor(
          () => readFile(machine.serial_log, 'utf8'),
          (text) => text.includes('lab-os:') && text.includes(HOSTNAME),
          STEP_MS_MAX,
        );

        const off = { target: 'power off' };
        assert.equal(
          (await service.call('PUT', `/v1/nodes/${uuid}/states/power`, off)).status,
          202,
        );
        await waitFor(
          () => showNode(running, uuid),
          (node) => node.power_state === 'power off' && node.target_power_state === null,
          STEP_MS_MAX,
        );
        await addTenantAccount(lab, machine);
        assert.equal(await askBmc(directory, machine, TENANT, 'chassis', 'status'), true);
        await askFor(service, uuid, 'deleted');
        await waitForState(service, uuid, ['available'], STEP_MS_MAX);
        assert.equal(await askBmc(directory, machine, TENANT, 'chassis', 'status'), false);
        assert.equal(await askBmc(directory, machine, factory, 'chassis', 'status'), false);
        const last = await ownPasswords(lab, machine);
        await requireUnseen(service, machine, last);
        assert.equal(first.filter((each) => last.includes(each)).length, 0, 'both were changed');
      } finally {
        await service?.stop();
        await lab?.down();
        await removeDirectory(directory);
      }
    },
  );
};
