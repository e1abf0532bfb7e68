// The service killed by SIGKILL around every journal line of deploy and clean, on a simulated machine: each process
// gets one line further than the one before it, and dies there. What remains is as if nothing had happened.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { cacheDirectory, LIGHT_RAMDISK_ISO } from '../packages/protocol/src/paths.ts';
import { type DyingService, makeDyingService } from './harness/dying-service.ts';
import { freePorts } from './harness/free-ports.ts';
import { makeRawImage, type TestImage } from './harness/images.ts';
import { type Lab, type LabMachine, labUp } from './harness/lab.ts';
import { askFor, makeNode, patchNode, showNode, waitForState } from './harness/node.ts';
import {
  EndedEarly,
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';
import { startWebServer } from './harness/web-server.ts';

const STEP_MS_MAX = 60_000;
/** More lines than a plan has; a service that never gets on is found by this. */
const LIVES_MAX = 80;
const MARKER = 'left-behind-by-the-last-tenant';

let dying: DyingService;

before(async () => {
  dying = await makeDyingService('kill-at-line.ts');
});

after(() => dying.remove());

type Scene = {
  readonly lab: Lab;
  readonly machine: LabMachine;
  readonly image: TestImage;
  readonly imageUrl: string;
  readonly uuid: string;
  readonly start: (killAtLine?: string) => Promise<RunningService>;
  readonly close: () => Promise<void>;
};

const openScene = async (): Promise<Scene> => {
  const directory = await makeDirectory();
  const [listen = '', agent = '', boot = ''] = await freePorts(3);
  const image = await makeRawImage(directory);
  // A service that dies at each line of progress never lives long enough to serve an image itself.
  const web = await startWebServer(directory);
  const lab = await labUp('--kind', 'simulated', '--disk', 'virtio:256M');
  const [machine] = lab.machines;
  assert.ok(machine);
  const start: Scene['start'] = (killAtLine) =>
    startService({
      directory,
      // The same ports in every life: the agent in the ramdisk keeps calling where it was told to.
      args: ['--listen', listen, '--agent-listen', agent, '--boot-listen', boot],
      settings: [
        'image.allowed_networks=127.0.0.1/32',
        `deploy.ramdisk_iso=${join(cacheDirectory(process.env), LIGHT_RAMDISK_ISO)}`,
        'redfish.allow_loopback=true',
      ],
      ...dying.life(killAtLine === undefined ? {} : { KILL_AT_LINE: killAtLine }),
    });
  const service = await start();
  const uuid = await makeNode(service, machine);
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  await service.stop();
  return {
    lab,
    machine,
    image,
    imageUrl: `${web.url}/${basename(image.path)}`,
    uuid,
    start,
    close: async () => {
      await web.stop();
      await lab.down();
      await removeDirectory(directory);
    },
  };
};

/** Undefined when the service died before it was ready: recovery begins before the listeners do. */
const startToDie = async (
  { start }: Scene,
  killAtLine: string,
): Promise<RunningService | undefined> => {
  try {
    return await start(killAtLine);
  } catch (error) {
    if (error instanceof EndedEarly && error.signal === 'SIGKILL') return undefined;
    throw error;
  }
};

/** True when the node came to rest, false when the service died first. */
const comesToRest = async (service: RunningService, uuid: string): Promise<boolean> => {
  try {
    await waitForState(service, uuid, ['active', 'available'], STEP_MS_MAX);
    return true;
  } catch (error) {
    // A call that breaks off is the death that was asked for; anything else is the node's own failure.
    if (!(error instanceof TypeError)) throw error;
    await service.killedItself();
    return false;
  }
};

/** Lives and dies until the node rests; returns how many lives that took. */
const liveAndDie = async (
  scene: Scene,
  killAtLine: string,
  ask: (service: RunningService) => Promise<void>,
): Promise<number> => {
  const first = await scene.start();
  try {
    await ask(first);
  } finally {
    await first.kill();
  }
  for (let lives = 1; lives < LIVES_MAX; lives += 1) {
    let service: RunningService | undefined;
    try {
      service = await startToDie(scene, killAtLine);
      if (service !== undefined && (await comesToRest(service, scene.uuid))) return lives;
    } catch (cause) {
      const log = service?.logTail() ?? 'no log: it never was ready';
      throw new Error(`in life ${lives} of those that end at line ${killAtLine}:\n${log}`, {
        cause,
      });
    } finally {
      await service?.kill();
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

const assertEachStepEndedOnce = async (service: RunningService, uuid: string): Promise<void> => {
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

// Much of a life is waiting for the machine: two machines, each with services of its own.
describe('cleaning and deploying end well', { concurrency: true }, () => {
  for (const killAtLine of ['1 after', '2 before']) {
    test(`when each life ends at its line ${killAtLine}`, async (t) => {
      const scene = await openScene();
      t.after(() => scene.close());
      const { lab, machine, image, imageUrl, uuid } = scene;
      await lab.command('plant-marker', machine.name, MARKER);

      const cleanLives = await liveAndDie(scene, killAtLine, (service) =>
        askFor(service, uuid, 'provide'),
      );
      const disk = await readFile(machine.disks[0]?.path ?? '');
      const deployLives = await liveAndDie(scene, killAtLine, async (service) => {
        await patchNode(service, uuid, {
          '/instance_info/image_source': imageUrl,
          '/instance_info/image_os_hash_algo': 'sha256',
          '/instance_info/image_os_hash_value': image.sha256,
          '/instance_info/image_disk_format': 'raw',
        });
        await askFor(service, uuid, 'active');
      });

      assert.equal(disk.includes(MARKER), false);
      assert.ok(cleanLives > 3 && deployLives > 3);
      t.diagnostic(`${cleanLives} lives to clean, ${deployLives} to deploy`);
      const service = await scene.start();
      try {
        const node = await showNode(service, uuid);
        assert.equal(node.provision_state, 'active');
        assert.equal(node.last_error, null);
        await assertEachStepEndedOnce(service, uuid);
        await askFor(service, uuid, 'deleted');
        await waitForState(service, uuid, ['available'], STEP_MS_MAX);
      } finally {
        await service.stop();
      }
    });
  }
});
