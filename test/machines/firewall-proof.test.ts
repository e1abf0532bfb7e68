// A polled machine behind a packet filter that drops whatever it begins: real firmware and our real ramdisk in the
// lab's network, the rules that `bessemer network rules` prints, images from a web server that is not the service.
// Cleaning and deploying pass, and nothing was dropped, because nothing was begun. Then the filter is tried on a
// machine that calls: it must count, or it proves nothing.

import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { type Lab, type LabMachine, labUp } from '../harness/lab.ts';
import { askFor, makeNode, patchNode, showNode, waitForState } from '../harness/node.ts';
import {
  BESSEMER,
  makeDirectory,
  removeDirectory,
  REPOSITORY,
  type RunningService,
  startService,
} from '../harness/service.ts';
import { waitFor } from '../harness/wait-for.ts';

const run = promisify(execFile);

/** Under software emulation a boot takes 20 to 45 s; four times that on a busy machine. */
const STEP_MS_MAX = 180_000;
const SERVICE_HOST = '10.99.0.1';
/** Of the web server, which is in the lab's network and cannot be reached by way of the service. */
const WEB_HOST = '10.99.0.2';
const WEB_PORT = 8_080;
const NAMESPACE = 'bessemer-lab';
const HOSTNAME = 'behind-the-filter';
const COUNTER = 'from_polled_machines';
/** Stricter than the rules of a site: every packet of the machine that is no answer, whatever its address. */
const WATCH_TABLE = `bessemer-watch-${process.pid}`;

const obstacle = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'needs root, for a network namespace';
  if (!existsSync('/dev/net/tun')) return 'needs /dev/net/tun, for the network of the machines';
  if (!existsSync('/usr/sbin/nft')) return 'needs nft, from the Debian package nftables';
  return undefined;
};

const why = obstacle();
const skip = why ?? false;

let directory: string;
let lab: Lab;
let service: RunningService;
let web: ChildProcess;
let image: { readonly file: string; readonly sha256: string };
let uuid: string;

const machine = (): LabMachine => {
  const [first] = lab.machines;
  assert.ok(first);
  return first;
};

const load = async (name: string, text: string): Promise<void> => {
  const path = join(directory, name);
  await writeFile(path, text);
  await run('nft', ['-f', path]);
};

const loadFilter = async (): Promise<void> => {
  const { stdout } = await run(BESSEMER, ['network', 'rules', '--polled', machine().address]);
  await load('site.nft', stdout);
  await load(
    'watch.nft',
    `table inet ${WATCH_TABLE} {
       counter begun { }
       chain input {
         type filter hook input priority filter - 10; policy accept;
         ct state established,related accept
         ether saddr ${machine().mac} ether type ip counter name "begun"
       }
     }`,
  );
};

type Counters = {
  readonly nftables: readonly {
    readonly counter?: { readonly name: string; readonly packets: number };
  }[];
};

const packets = async (table: string, name: string): Promise<number> => {
  const { stdout } = await run('nft', ['-j', 'list', 'counters', 'table', 'inet', table]);
  const { nftables } = JSON.parse(stdout) as Counters;
  const found = nftables.find(({ counter }) => counter?.name === name)?.counter;
  assert.ok(found, `no counter ${name} in ${stdout}`);
  return found.packets;
};

const begun = async (): Promise<readonly number[]> => [
  await packets('bessemer', COUNTER),
  await packets(WATCH_TABLE, 'begun'),
];

/** Serves one directory, in the network of the machines and nowhere else. */
const startWebServer = async (path: string): Promise<ChildProcess> => {
  await run('ip', ['-n', NAMESPACE, 'address', 'replace', `${WEB_HOST}/24`, 'dev', 'br0']);
  const program = join(REPOSITORY, 'test/harness/file-server.ts');
  const args = [
    'netns',
    'exec',
    NAMESPACE,
    process.execPath,
    program,
    path,
    WEB_HOST,
    `${WEB_PORT}`,
  ];
  const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
};

before(async () => {
  if (why !== undefined) return;
  directory = await makeDirectory();
  const { stdout } = await run(BESSEMER, ['lab', 'image', 'tiny', '--format', 'raw.zst']);
  image = JSON.parse(stdout) as typeof image;
  lab = await labUp('--kind', 'qemu', '--firmware', 'bios', '--disk', 'sata:5G');
  web = await startWebServer(image.file.slice(0, image.file.lastIndexOf('/')));
  await loadFilter();
  service = await startService({
    directory,
    listenHost: SERVICE_HOST,
    settings: [
      'agent.poll_only=true',
      'agent.poll_interval=5',
      'agent.poll_networks=10.99.0.0/24',
      'image.allowed_networks=10.99.0.0/24',
      'redfish.allow_loopback=true',
    ],
  });
});

after(async () => {
  if (why !== undefined) return;
  await service?.stop();
  web?.kill();
  await lab?.down();
  for (const table of ['bessemer', WATCH_TABLE]) {
    await run('nft', ['add', 'table', 'inet', table]);
    await run('nft', ['delete', 'table', 'inet', table]);
  }
  await removeDirectory(directory);
});

test('a machine that can begin nothing is cleaned', { skip }, async () => {
  uuid = await makeNode(service, machine(), { properties: { capabilities: 'boot_mode:bios' } });
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);

  await askFor(service, uuid, 'provide');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);

  assert.deepEqual(await begun(), [0, 0]);
});

test('the token of its medium was replaced by one that was never in it', { skip }, async () => {
  const { body } = await service.call('GET', `/bessemer/nodes/${uuid}/audit?limit=1000`);
  const { audit } = body as { readonly audit: readonly { readonly event: string }[] };

  const events = audit.map(({ event }) => event);
  assert.ok(events.includes('agent.token.rotated'), events.join(' '));
});

test(
  'a machine that can begin nothing is deployed, with an image that did not come from the service',
  { skip },
  async () => {
    await patchNode(service, uuid, {
      '/instance_info/image_source': `http://${WEB_HOST}:${WEB_PORT}/${image.file.split('/').at(-1)}`,
      '/instance_info/image_os_hash_algo': 'sha256',
      '/instance_info/image_os_hash_value': image.sha256,
      '/instance_info/image_disk_format': 'raw',
    });
    await askFor(service, uuid, 'active', { configdrive: { meta_data: { hostname: HOSTNAME } } });
    await waitForState(service, uuid, ['active'], STEP_MS_MAX);

    await waitFor(
      () => readFile(machine().serial_log, 'utf8'),
      (text) => text.includes('lab-os:') && text.includes(HOSTNAME),
      STEP_MS_MAX,
    );
    assert.deepEqual(await begun(), [0, 0]);
  },
);

test('the same filter counts what a machine begins that is told to call', { skip }, async () => {
  await patchNode(service, uuid, { '/driver_info/agent_poll_only': 'false' });
  await askFor(service, uuid, 'deleted');

  const counts = await waitFor(begun, (each) => each.every((count) => count > 0), STEP_MS_MAX);

  assert.ok(counts.every((count) => count > 0));
  assert.equal((await showNode(service, uuid)).provision_state, 'clean wait');
});
