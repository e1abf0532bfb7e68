// Machines are inspected, cleaned, deployed and given back, by every route on which a ramdisk comes to trust us; then
// everything that others can read is searched for what only the agent, the BMC and the service may know: tokens, the
// agents' private keys, the BMC's password, the key that seals all of them.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

import { MINOR_MAX } from '../packages/protocol/src/microversion/range.ts';
import { NODE_FIELD_NAMES } from '../packages/protocol/src/node/fields.ts';
import {
  cacheDirectory,
  LIGHT_RAMDISK_INITRAMFS,
  LIGHT_RAMDISK_KERNEL,
} from '../packages/protocol/src/paths.ts';
import { freePorts } from './harness/free-ports.ts';
import { makeRawImage, type TestImage } from './harness/images.ts';
import { type Lab, labUp, type LabMachine } from './harness/lab.ts';
import { askFor, makeNode, patchNode, waitForState } from './harness/node.ts';
import { hunt, type Places, tokenHashes, type Watch, watchWhile } from './harness/secret-watch.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';

const STEP_MS_MAX = 90_000;
/** Sessions of one life: inspecting, cleaning, deploying, cleaning again. */
const BOOTS = 4;

/** How the ramdisk gets there, and who calls whom. */
const ROUTES: readonly {
  readonly name: string;
  readonly isNetwork: boolean;
  readonly isPolled: boolean;
}[] = [
  { name: 'virtual media', isNetwork: false, isPolled: false },
  { name: 'network', isNetwork: true, isPolled: false },
  { name: 'virtual media, polled', isNetwork: false, isPolled: true },
  { name: 'network, polled', isNetwork: true, isPolled: true },
];

let directory: string;
let service: RunningService;
let lab: Lab;
let image: TestImage;
let seen: Watch;
const uuids: string[] = [];

const data = (): string => join(directory, 'data');

before(async () => {
  directory = await makeDirectory();
  image = await makeRawImage(directory);
  const [netboot = ''] = await freePorts(1);
  const count = String(ROUTES.length);
  const network = ['--netboot-url', `http://${netboot}`];
  lab = await labUp('--kind', 'simulated', '--disk', 'virtio:64M', '--machines', count, ...network);
  const cache = cacheDirectory(process.env);
  service = await startService({
    directory,
    args: ['--auth', 'none'],
    settings: [
      'DEFAULT.log_level=debug',
      `image.file_directories=${directory}`,
      `deploy.ramdisk_iso=${lab.machines[0]?.deploy_iso}`,
      `deploy.deploy_kernel=${join(cache, LIGHT_RAMDISK_KERNEL)}`,
      `deploy.deploy_ramdisk=${join(cache, LIGHT_RAMDISK_INITRAMFS)}`,
      `netboot.http_listen=${netboot}`,
      'agent.settle=1',
    ],
  });
  const lives = ROUTES.map((route, index) => wholeLife(machineAt(index), route));
  seen = await watchWhile(Promise.all(lives), { data: data(), alsoLook });
});

after(async () => {
  await service?.stop();
  await lab?.down();
  await removeDirectory(directory);
});

const machineAt = (index: number): LabMachine => {
  const machine = lab.machines[index];
  assert.ok(machine);
  return machine;
};

const wholeLife = async (
  machine: LabMachine,
  { isNetwork, isPolled }: (typeof ROUTES)[number],
): Promise<void> => {
  const uuid = await makeNode(service, machine, {
    ...(isNetwork ? { boot_interface: 'ipxe' } : {}),
    driver_info: { ...machine.driver_info, ...(isPolled ? { agent_poll_only: true } : {}) },
  });
  uuids.push(uuid);
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  await askFor(service, uuid, 'inspect');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  await askFor(service, uuid, 'provide');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);
  await patchNode(service, uuid, {
    '/instance_info/image_source': `file://${image.path}`,
    '/instance_info/image_os_hash_algo': 'sha256',
    '/instance_info/image_os_hash_value': image.sha256,
  });
  await askFor(service, uuid, 'active', { configdrive: { meta_data: { hostname: 'h' } } });
  await waitForState(service, uuid, ['active'], STEP_MS_MAX);
  await askFor(service, uuid, 'deleted');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);
};

/** All files below a directory as texts; what goes away meanwhile is left out. */
const filesBelow = async (root: string): Promise<readonly (readonly [string, string])[]> => {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.map(async (path) => [path, await readFile(path, 'latin1').catch(() => '')] as const),
  );
};

type Shown = {
  readonly uuid: string;
  readonly driver_internal_info: { readonly agent_session?: { readonly state: string } };
};

/** Everything that is shown while tokens live, and the agents' own file systems once they are believed. */
const alsoLook = async (places: Places): Promise<void> => {
  const { body, text } = await service.call('GET', '/v1/nodes/detail');
  const add = (place: string, more: string): void => {
    const known = places.get(place) ?? '';
    if (!known.includes(more)) places.set(place, `${known}\n${more}`);
  };
  add('nodes while they are worked on', text);
  const { nodes } = body as { readonly nodes: readonly (Shown & { readonly name: string })[] };
  for (const node of nodes) {
    if (node.driver_internal_info.agent_session?.state !== 'BOUND') continue;
    const machine = lab.machines.find(({ name }) => name === node.name);
    const root = join(dirname(machine?.serial_log ?? ''), 'ramdisk', 'root');
    for (const [path, content] of await filesBelow(root)) add(`agent's ${path}`, content);
    add('bound agents', node.name);
  }
};

const PATHS = (uuid: string): readonly string[] => [
  `/v1/nodes/${uuid}/states`,
  `/v1/nodes/${uuid}/history`,
  `/v1/nodes/${uuid}/inventory`,
  `/v1/ports?node=${uuid}`,
  `/bessemer/nodes/${uuid}/why`,
  `/bessemer/nodes/${uuid}/journal?limit=1000`,
  `/bessemer/nodes/${uuid}/erasures`,
  `/bessemer/nodes/${uuid}/audit`,
];

const answers = async (): Promise<Places> => {
  const found: Places = new Map();
  const ask = async (path: string, version: string): Promise<void> => {
    const headers = { 'X-OpenStack-Ironic-API-Version': version };
    const response = await fetch(new URL(path, service.url), { headers });
    found.set(`${path} at ${version}: ${response.status}`, await response.text());
  };
  for (let minor = 1; minor <= MINOR_MAX; minor += 1) {
    await ask('/v1/nodes/detail', `1.${minor}`);
    for (const uuid of uuids) await ask(`/v1/nodes/${uuid}`, `1.${minor}`);
  }
  for (const uuid of uuids) {
    for (const path of PATHS(uuid)) await ask(path, `1.${MINOR_MAX}`);
    for (const field of NODE_FIELD_NAMES) await ask(`/v1/nodes/${uuid}?fields=${field}`, 'latest');
  }
  return found;
};

const passwords = (): readonly string[] =>
  lab.machines.map(({ driver_info: info }) => info['redfish_password'] ?? '');

/** The keys that seal, in every form in which they might have been written. */
const sealingKeys = async (): Promise<readonly string[]> => {
  const files = await readdir(join(data(), 'keys'));
  const keys = await Promise.all(files.map((name) => readFile(join(data(), 'keys', name))));
  const forms = ['latin1', 'hex', 'base64', 'base64url'] as const;
  return keys.flatMap((key) => forms.map((form) => key.toString(form)));
};

test('the watch saw a token of each boot of each route, and the hunt finds what is there', () => {
  const tokens = seen.tokens();
  // A polled agent's is replaced after the first contact; what it replaced is no session's any more.
  assert.equal(tokenHashes(data()).size, ROUTES.length * BOOTS);
  assert.equal(tokens.length, ROUTES.length * BOOTS);
  assert.ok(seen.secrets.size > 2 * tokens.length);
  assert.ok(passwords().every((password) => password.length > 0));

  const control = new Map([['control', `x${tokens[0]}x`]]);
  assert.deepEqual(hunt(control, [], tokenHashes(data())), ['control']);
});

test('nothing of it is in an answer, at any microversion or in any field', async () => {
  const shared = await answers();
  const secrets = [...seen.secrets, ...passwords(), ...(await sealingKeys())];

  assert.ok(
    [...shared.keys()].some((place) => place.endsWith(`/inventory at 1.${MINOR_MAX}: 200`)),
  );
  assert.deepEqual(hunt(shared, secrets, tokenHashes(data())), []);
});

test('T-62, T-63: nothing of it is in logs, command lines or environments', async () => {
  const log = await readFile(service.logPath, 'utf8');
  const serial = await Promise.all(lab.machines.map((each) => readFile(each.serial_log, 'utf8')));
  const secrets = [...seen.secrets, ...passwords(), ...(await sealingKeys())];
  const places = new Map([...seen.processes, ['log', log], ['consoles', serial.join('\n')]]);

  assert.match(log, /"level":"debug"/);
  assert.match(places.get('cmdline') ?? '', /--simulated/);
  assert.deepEqual(hunt(places, secrets, tokenHashes(data())), []);
});

test('nothing of it is in the ramdisk of an agent that is believed', async () => {
  const secrets = [...seen.secrets, ...passwords(), ...(await sealingKeys())];

  assert.equal(new Set((seen.others.get('bound agents') ?? '').trim().split('\n')).size, 4);
  assert.deepEqual(hunt(seen.others, secrets, tokenHashes(data())), []);
});

test('nothing of it is in the store or in the files of the service, as they are', async () => {
  const sealing = await sealingKeys();
  const files = (await filesBelow(data())).filter(([path]) => !path.includes('/keys/'));

  const hashes = tokenHashes(data());
  const secrets = [...seen.secrets, ...sealing, ...passwords()];
  assert.deepEqual(hunt(seen.databases, secrets, hashes), []);
  assert.deepEqual(hunt(new Map(files), secrets, hashes), []);
});
