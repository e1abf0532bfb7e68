// The service killed by SIGKILL around every journal line of deploy and clean, on a simulated machine: each process
// gets one line further than the one before it, and dies there. What remains is as if nothing had happened.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { cacheDirectory, LIGHT_RAMDISK_ISO } from '../packages/protocol/src/paths.ts';
import { makeRawImage, type TestImage } from './harness/images.ts';
import { type Lab, labUp } from './harness/lab.ts';
import { askFor, makeNode, patchNode, showNode, waitForState } from './harness/node.ts';
import {
  makeDirectory,
  removeDirectory,
  REPOSITORY,
  type RunningService,
  startService,
} from './harness/service.ts';

const STEP_MS_MAX = 60_000;
/** More lines than a plan has; a service that never gets on is found by this. */
const LIVES_MAX = 80;
const MARKER = 'left-behind-by-the-last-tenant';
const PRELOAD = `--import=${join(REPOSITORY, 'test/harness/kill-at-line.ts')}`;

let directory: string;
let lab: Lab;
let image: TestImage;
let uuid: string;
let ports: readonly [string, string, string];

/** Held together until all are known, so that they differ. */
const freePorts = async (): Promise<typeof ports> => {
  const servers = [0, 1, 2].map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const found = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
  for (const server of servers) server.close();
  return found as unknown as typeof ports;
};

const start = (killAtLine?: string): Promise<RunningService> =>
  startService({
    directory,
    // The same ports in every life: the agent in the ramdisk keeps calling where it was told to.
    args: ['--listen', ports[0], '--agent-listen', ports[1], '--boot-listen', ports[2]],
    settings: [
      `image.file_directories=${directory}`,
      `deploy.ramdisk_iso=${join(cacheDirectory(process.env), LIGHT_RAMDISK_ISO)}`,
      'redfish.allow_loopback=true',
    ],
    environment:
      killAtLine === undefined ? {} : { KILL_AT_LINE: killAtLine, NODE_OPTIONS: PRELOAD },
  });

const machine = () => {
  const [first] = lab.machines;
  assert.ok(first);
  return first;
};

before(async () => {
  directory = await makeDirectory();
  ports = await freePorts();
  image = await makeRawImage(directory);
  lab = await labUp('--kind', 'simulated', '--disk', 'virtio:256M');
  const service = await start();
  uuid = await makeNode(service, machine());
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  await service.stop();
});

after(async () => {
  await lab?.down();
  await removeDirectory(directory);
});

/** Undefined when the service died before it was ready: recovery begins before the listeners do. */
const startToDie = async (killAtLine: string): Promise<RunningService | undefined> => {
  try {
    return await start(killAtLine);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('serve ended')) return undefined;
    throw error;
  }
};

/** True when the node came to rest, false when the service died first. */
const comesToRest = async (service: RunningService): Promise<boolean> => {
  try {
    await waitForState(service, uuid, ['active', 'available'], STEP_MS_MAX);
    return true;
  } catch (error) {
    // A call that breaks off is the death that was asked for; anything else is the node's own failure.
    if (!(error instanceof TypeError)) throw error;
    await service.ended();
    return false;
  }
};

/** Lives and dies until the node rests; returns how many lives that took. */
const liveAndDie = async (
  killAtLine: string,
  ask: (service: RunningService) => Promise<void>,
): Promise<number> => {
  const first = await start();
  try {
    await ask(first);
  } finally {
    await first.kill();
  }
  for (let lives = 1; lives < LIVES_MAX; lives += 1) {
    const service = await startToDie(killAtLine);
    if (service === undefined) continue;
    try {
      if (await comesToRest(service)) return lives;
    } finally {
      await service.kill();
    }
  }
  return assert.fail(`still not at rest after ${LIVES_MAX} lives`);
};

type Line = {
  readonly workflow: string;
  readonly stepIndex: number;
  readonly step: string;
  readonly event: string;
};

const assertEachStepEndedOnce = async (service: RunningService): Promise<void> => {
  const answer = await service.call('GET', `/bessemer/nodes/${uuid}/journal?limit=1000`);
  const { entries } = answer.body as { readonly entries: readonly Line[] };
  const ended = entries
    .filter(({ event }) => event === 'ended')
    .map(({ workflow, stepIndex }) => `${workflow} ${stepIndex}`);
  assert.equal(new Set(ended).size, ended.length);
  assert.deepEqual(
    entries.filter(({ event }) => event === 'failed'),
    [],
  );
};

for (const killAtLine of ['1 after', '2 before']) {
  test(`cleaning and deploying end well when each life ends at its line ${killAtLine}`, async () => {
    await lab.command('plant-marker', machine().name, MARKER);

    const cleanLives = await liveAndDie(killAtLine, (service) => askFor(service, uuid, 'provide'));
    const disk = await readFile(machine().disks[0]?.path ?? '');
    const deployLives = await liveAndDie(killAtLine, async (service) => {
      await patchNode(service, uuid, {
        '/instance_info/image_source': `file://${image.path}`,
        '/instance_info/image_os_hash_algo': 'sha256',
        '/instance_info/image_os_hash_value': image.sha256,
        '/instance_info/image_disk_format': 'raw',
      });
      await askFor(service, uuid, 'active');
    });

    assert.equal(disk.includes(MARKER), false);
    assert.ok(cleanLives > 3 && deployLives > 3);
    const service = await start();
    const node = await showNode(service, uuid);
    assert.equal(node.provision_state, 'active');
    assert.equal(node.last_error, null);
    await assertEachStepEndedOnce(service);
    await askFor(service, uuid, 'deleted');
    await waitForState(service, uuid, ['available'], STEP_MS_MAX);
    await askFor(service, uuid, 'manage');
    await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
    await service.stop();
  });
}
