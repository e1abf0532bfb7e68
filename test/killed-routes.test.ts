// The service killed by SIGKILL once in the middle of a deployment, by the routes on which trust is made on the way:
// first lookup over the network, and polling. At a sample of journal lines and at each statement of the token's grant.
// Afterwards the work has come to its end, no two tokens ever lived at once, and the audit log is unbroken.
//
//   KILL_LINES=all node_modules/.bin/node --test test/killed-routes.test.ts      every line, before and after
//   KILL_LINES=3,9 node_modules/.bin/node --test test/killed-routes.test.ts      these lines, before and after

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';

import {
  cacheDirectory,
  LIGHT_RAMDISK_INITRAMFS,
  LIGHT_RAMDISK_ISO,
  LIGHT_RAMDISK_KERNEL,
} from '../packages/protocol/src/paths.ts';
import { type DyingService, makeDyingService } from './harness/dying-service.ts';
import { freePorts } from './harness/free-ports.ts';
import { makeRawImage } from './harness/images.ts';
import { type Lab, labUp } from './harness/lab.ts';
import { watchTokens } from './harness/live-tokens.ts';
import { askFor, makeNode, patchNode, showNode, waitForState } from './harness/node.ts';
import {
  BESSEMER,
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';

const run = promisify(execFile);

const STEP_MS_MAX = 120_000;
/** More than a deployment has. */
const LINES_MAX = 60;
const SIDES = ['before', 'after'] as const;
/** Opening the session, starting the machine, the wait for the agent, the first command, and later ones. */
const SAMPLE = ['3 before', '6 after', '9 before', '12 after'];

let dying: DyingService;

before(async () => {
  dying = await makeDyingService('kill-at-line.ts');
});

after(() => dying.remove());

type Route = { readonly name: string; readonly isNetwork: boolean; readonly isPolled: boolean };

const ROUTES: readonly Route[] = [
  { name: 'first lookup', isNetwork: true, isPolled: false },
  { name: 'polling', isNetwork: false, isPolled: true },
];

/** Undefined: all, until a deployment ends before its line comes. */
const askedLines = (): readonly string[] | undefined => {
  const asked = process.env['KILL_LINES'];
  if (asked === undefined || asked === '') return SAMPLE;
  if (asked === 'all') return undefined;
  return asked.split(',').flatMap((line) => SIDES.map((side) => `${line} ${side}`));
};

type Scene = {
  readonly directory: string;
  readonly lab: Lab;
  readonly uuid: string;
  readonly start: (death?: { readonly [name: string]: string }) => Promise<RunningService>;
};

const openScene = async ({ isNetwork, isPolled }: Route): Promise<Scene> => {
  const directory = await makeDirectory();
  const ports = await freePorts(4);
  const [api = '', agent = '', boot = '', netboot = ''] = ports;
  const image = await makeRawImage(directory);
  const cache = cacheDirectory(process.env);
  const network = ['--netboot-url', `http://${netboot}`];
  const lab = await labUp('--kind', 'simulated', '--disk', 'virtio:128M', ...network);
  const start: Scene['start'] = (death) =>
    startService({
      directory,
      // The same ports in every life: agents and firmware keep calling where they were told to.
      args: ['--listen', api, '--agent-listen', agent, '--boot-listen', boot],
      settings: [
        `image.file_directories=${directory}`,
        `deploy.ramdisk_iso=${join(cache, LIGHT_RAMDISK_ISO)}`,
        `deploy.deploy_kernel=${join(cache, LIGHT_RAMDISK_KERNEL)}`,
        `deploy.deploy_ramdisk=${join(cache, LIGHT_RAMDISK_INITRAMFS)}`,
        `netboot.http_listen=${netboot}`,
        'conductor.automated_clean=false',
        'agent.settle=1',
        'agent.grant_retry=10',
      ],
      ...dying.life(death),
    });
  const service = await start();
  const [machine] = lab.machines;
  assert.ok(machine);
  const uuid = await makeNode(service, machine, {
    ...(isNetwork ? { boot_interface: 'ipxe' } : {}),
    driver_info: { ...machine.driver_info, ...(isPolled ? { agent_poll_only: true } : {}) },
  });
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  await askFor(service, uuid, 'provide');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);
  await patchNode(service, uuid, {
    '/instance_info/image_source': `file://${image.path}`,
    '/instance_info/image_os_hash_algo': 'sha256',
    '/instance_info/image_os_hash_value': image.sha256,
    '/instance_info/image_disk_format': 'raw',
  });
  await askFor(service, uuid, 'active');
  await waitForState(service, uuid, ['active'], STEP_MS_MAX);
  await service.stop();
  return { directory, lab, uuid, start };
};

/** True when the node came to rest, false when the service died first. */
const comesToRest = async (service: RunningService, uuid: string): Promise<boolean> => {
  try {
    await waitForState(service, uuid, ['active'], STEP_MS_MAX);
    return true;
  } catch (error) {
    // A call that breaks off is the death that was asked for; anything else is the node's own failure.
    if (!(error instanceof TypeError)) throw error;
    await service.killedItself();
    return false;
  }
};

type AuditRow = { readonly event: string; readonly session: string | null };

/** Deploys once more, dies on the way, goes on. False: the deployment ended before the death came. */
const deployAndDie = async (
  { directory, uuid, start }: Scene,
  death: { readonly [name: string]: string },
): Promise<boolean> => {
  const first = await start(death);
  let hasDied = true;
  const whole = async (): Promise<void> => {
    await askFor(first, uuid, 'rebuild');
    hasDied = !(await comesToRest(first, uuid));
    if (!hasDied) return first.stop();
    const second = await start();
    try {
      assert.ok(await comesToRest(second, uuid));
      assert.equal((await showNode(second, uuid)).last_error, null);
      const audit = await second.call(
        'GET',
        `/bessemer/nodes/${uuid}/audit?event=agent.lookup.granted`,
      );
      const rows = (audit.body as { readonly audit: readonly AuditRow[] }).audit;
      const sessions = rows.map(({ session }) => session);
      assert.equal(new Set(sessions).size, sessions.length, 'a session was granted two tokens');
    } finally {
      await second.stop();
    }
  };
  const { openMax, leftOver } = await watchTokens(directory, whole());
  assert.equal(openMax, 1, `${openMax} sessions were open at once`);
  assert.equal(leftOver, 0, 'a session that is over has its token still');
  return hasDied;
};

/** After as many deaths as it may be: a break in the chain stays. */
const verifyAudit = ({ directory }: Scene): Promise<unknown> =>
  run(BESSEMER, ['audit', 'verify', '--data', join(directory, 'data')]);

const deployAtLines = async (context: TestContext, scene: Scene): Promise<void> => {
  const asked = askedLines();
  const died: string[] = [];
  const lines =
    asked ??
    Array.from({ length: LINES_MAX }, (_none, index) =>
      SIDES.map((side) => `${index + 1} ${side}`),
    ).flat();
  for (const line of lines) {
    if (await deployAndDie(scene, { KILL_AT_LINE: line })) died.push(line);
    else if (asked === undefined) break;
  }
  context.diagnostic(`killed at lines: ${died.join(', ')}${asked === SAMPLE ? ' (a sample)' : ''}`);
  assert.ok(died.length > 0);
  await verifyAudit(scene);
};

describe('a deployment whose service is killed', { concurrency: true }, () => {
  for (const route of ROUTES) {
    describe(`by the route of ${route.name}`, { concurrency: 1 }, () => {
      let scene: Scene;
      before(async () => {
        scene = await openScene(route);
      });
      after(async () => {
        await scene?.lab.down();
        if (scene !== undefined) await removeDirectory(scene.directory);
      });

      test('at journal lines, goes on and ends, with one token at a time', (context) =>
        deployAtLines(context, scene));

      if (route.isPolled) return;
      for (const where of ['before', 'stored', 'committed']) {
        test(`at the grant of its token (${where}), is repaired`, async () => {
          assert.ok(await deployAndDie(scene, { KILL_AT_GRANT: where }));
          await verifyAudit(scene);
        });
      }
    });
  }
});
