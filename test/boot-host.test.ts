// A boot host apart from the service: two processes, paired by a file. The service pushes, the host serves, and with
// the end of the work everything is gone there too.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import {
  type BootHostPlace,
  bootHostSettings,
  pairBootHost,
  type RunningBootHost,
  startBootHost,
} from './harness/boot-host.ts';
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
const KERNEL = randomBytes(200_000);
const RAMDISK = randomBytes(400_000);

let directory: string;
let place: BootHostPlace;
let service: RunningService | undefined;
let lab: Lab | undefined;
let host: RunningBootHost | undefined;

const requireScene = () => {
  const [machine] = lab?.machines ?? [];
  assert.ok(service !== undefined && machine !== undefined);
  return { service, machine };
};

const fetchFrom = (path: string): Promise<Response> => fetch(`http://${place.http}${path}`);

const scriptFor = async (mac: string): Promise<string | undefined> => {
  const answer = await fetchFrom(`/netboot/by-mac/${mac.replaceAll(':', '-')}`);
  const text = await answer.text();
  return answer.status === 200 ? text : undefined;
};

const pathsIn = (script: string): readonly string[] =>
  [...script.matchAll(/http:\/\/[^/\s]+(\/netboot\/\S+)/g)].map(([, path]) => path ?? '');

before(async () => {
  directory = await makeDirectory();
  const [control = '', http = ''] = await freePorts(2);
  place = { data: join(directory, 'boot-host'), control, http };
  await writeFile(join(directory, 'kernel'), KERNEL);
  await writeFile(join(directory, 'initramfs'), RAMDISK);
  service = await startService({
    directory,
    settings: [
      ...bootHostSettings(place),
      `deploy.deploy_kernel=${join(directory, 'kernel')}`,
      `deploy.deploy_ramdisk=${join(directory, 'initramfs')}`,
      'redfish.allow_loopback=true',
    ],
  });
  await pairBootHost(place, directory);
  host = await startBootHost(place);
  lab = await labUp('--kind', 'simulated');
});
after(async () => {
  await host?.end('SIGTERM');
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
  await host?.end('SIGKILL');
  host = await startBootHost(place);

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
  assert.deepEqual(await readdir(join(place.data, 'boots')), []);
});

test('a host that does not answer fails the work with the cause, before the machine gets power', async () => {
  await host?.end('SIGTERM');
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
