// A boot host apart from the service: two processes, paired by a file. The service pushes, the host serves, and with
// the end of the work everything is gone there too.

import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { type Lab, labUp } from './harness/lab.ts';
import { askFor, makeNode, waitForState } from './harness/node.ts';
import {
  BESSEMER,
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';
import { waitFor } from './harness/wait-for.ts';

const run = promisify(execFile);

const LIMIT_MS = 30_000;
const KERNEL = randomBytes(200_000);
const RAMDISK = randomBytes(400_000);

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

let directory: string;
let service: RunningService | undefined;
let lab: Lab | undefined;
let host: ChildProcess | undefined;
const requireScene = () => {
  const [machine] = lab?.machines ?? [];
  assert.ok(service !== undefined && machine !== undefined);
  return { service, machine };
};
let controlPort: number;
let httpPort: number;

const hostData = (): string => join(directory, 'boot-host');

const startHost = async (): Promise<ChildProcess> => {
  const child = spawn(
    BESSEMER,
    [
      'serve',
      '--roles=boot',
      `--data=${hostData()}`,
      `--boot-control-listen=127.0.0.1:${controlPort}`,
      `--set=netboot.http_listen=127.0.0.1:${httpPort}`,
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(([code]) => [`it ended with ${code}`]),
  ]);
  assert.equal(line, `ready https://127.0.0.1:${controlPort}`);
  return child;
};

const endHost = async (signal: NodeJS.Signals): Promise<void> => {
  if (host === undefined || host.exitCode !== null || host.signalCode !== null) return;
  const ended = once(host, 'exit');
  host.kill(signal);
  await ended;
};

const fetchFrom = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${httpPort}${path}`);

const scriptFor = async (mac: string): Promise<string | undefined> => {
  const answer = await fetchFrom(`/netboot/by-mac/${mac.replaceAll(':', '-')}`);
  const text = await answer.text();
  return answer.status === 200 ? text : undefined;
};

const pathsIn = (script: string): readonly string[] =>
  [...script.matchAll(/http:\/\/[^/\s]+(\/netboot\/\S+)/g)].map(([, path]) => path ?? '');

before(async () => {
  directory = await makeDirectory();
  [controlPort, httpPort] = [await freePort(), await freePort()];
  await mkdir(hostData());
  await writeFile(join(directory, 'kernel'), KERNEL);
  await writeFile(join(directory, 'initramfs'), RAMDISK);
  service = await startService({
    directory,
    settings: [
      `netboot.boot_host=https://127.0.0.1:${controlPort}`,
      `deploy.deploy_kernel=${join(directory, 'kernel')}`,
      `deploy.deploy_ramdisk=${join(directory, 'initramfs')}`,
      'redfish.allow_loopback=true',
    ],
  });
  await run(BESSEMER, [
    'boot-host',
    'init',
    `--data=${join(directory, 'data')}`,
    '--host=127.0.0.1',
    `--out=${join(hostData(), 'pairing.pem')}`,
  ]);
  host = await startHost();
  lab = await labUp('--kind', 'simulated');
});
after(async () => {
  await endHost('SIGTERM');
  await service?.stop();
  await lab?.down();
  await removeDirectory(directory);
});

test('a boot is pushed to the host, survives its death, and ends with the work', async () => {
  const { service, machine } = requireScene();
  const uuid = await makeNode(service, machine, { boot_interface: 'ipxe' });
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], LIMIT_MS);

  await askFor(service, uuid, 'inspect');
  const script = await waitFor(
    () => scriptFor(machine.mac),
    (text) => text !== undefined,
    LIMIT_MS,
  );
  await endHost('SIGKILL');
  host = await startHost();

  const [kernel = '', ramdisk = '', archive = ''] = pathsIn(script ?? '');
  const bytes = async (path: string) => Buffer.from(await (await fetchFrom(path)).arrayBuffer());
  assert.ok((await bytes(kernel)).equals(KERNEL));
  assert.ok((await bytes(ramdisk)).subarray(0, RAMDISK.length).equals(RAMDISK));
  assert.match((await bytes(archive)).toString('latin1'), new RegExp(`node_uuid = ${uuid}`));

  await waitForState(service, uuid, ['inspect wait'], LIMIT_MS);
  await askFor(service, uuid, 'abort');
  await waitFor(
    () => scriptFor(machine.mac),
    (text) => text === undefined,
    LIMIT_MS,
  );
  // Gone for whoever kept the address too.
  assert.ok([404, 410].includes((await fetchFrom(archive)).status));
  assert.deepEqual(await readdir(join(hostData(), 'boots')), []);
});

test('a host that does not answer fails the work with the cause, before the machine gets power', async () => {
  await endHost('SIGTERM');
  const { service, machine } = requireScene();

  await waitForState(service, machine.name, ['inspect failed'], LIMIT_MS);
  await askFor(service, machine.name, 'inspect');
  const failed = await waitFor(
    async () => {
      const answer = await service.call('GET', `/v1/nodes/${machine.name}`);
      return answer.body as { provision_state: string; last_error: string | null };
    },
    ({ provision_state, last_error }) =>
      provision_state === 'inspect failed' && /boot host/.test(last_error ?? ''),
    LIMIT_MS,
  );

  assert.match(failed.last_error ?? '', /boot host at https:\/\/127\.0\.0\.1/);
});
