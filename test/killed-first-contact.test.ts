// The service killed by SIGKILL around each statement of the change of a polled agent's token. The next process finds
// out which token the agent has; the work goes on as if nothing had happened.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { cacheDirectory, LIGHT_RAMDISK_ISO } from '../packages/protocol/src/paths.ts';
import { type DyingService, makeDyingService } from './harness/dying-service.ts';
import { freePorts } from './harness/free-ports.ts';
import { type Lab, labUp } from './harness/lab.ts';
import { askFor, makeNode, showNode, waitForState } from './harness/node.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';

const STEP_MS_MAX = 60_000;

/** Requests of a first contact: 1 status, 2 proof, 3 hardware, 4 node and new token, 5 the new token is tried. */
const DEATHS = [
  ['before the new token is sent, when it is stored', '4 sent'],
  ['when the agent has taken it, before that is known', '4 answered'],
  ['before it is tried', '5 sent'],
  ['when the old one is dead and the store still holds it', '5 answered'],
] as const;

let dying: DyingService;
let directory: string;
let lab: Lab;
let uuid: string;
let ports: readonly string[];

const start = (killAt?: string): Promise<RunningService> =>
  startService({
    directory,
    args: [
      '--listen',
      ports[0] ?? '',
      '--agent-listen',
      ports[1] ?? '',
      '--boot-listen',
      ports[2] ?? '',
    ],
    settings: [
      'agent.poll_only=true',
      `deploy.ramdisk_iso=${join(cacheDirectory(process.env), LIGHT_RAMDISK_ISO)}`,
    ],
    ...dying.life(killAt === undefined ? {} : { KILL_AT_REQUEST: killAt }),
  });

const eventsOf = async (service: RunningService): Promise<readonly string[]> => {
  const { body } = await service.call('GET', `/bessemer/nodes/${uuid}/audit?limit=1000`);
  const { audit } = body as { readonly audit: readonly { readonly event: string }[] };
  return audit.map(({ event }) => event);
};

before(async () => {
  dying = await makeDyingService('kill-at-request.ts');
  directory = await makeDirectory();
  ports = await freePorts(3);
  lab = await labUp('--kind', 'simulated', '--disk', 'virtio:256M');
  const [machine] = lab.machines;
  assert.ok(machine);
  const service = await start();
  uuid = await makeNode(service, machine);
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  await service.stop();
});

after(async () => {
  await lab?.down();
  await removeDirectory(directory);
  await dying?.remove();
});

for (const [index, [when, killAt]] of DEATHS.entries()) {
  test(`killed ${when}, the service finds the agent again and goes on`, async () => {
    const dying = await start(killAt);
    await askFor(dying, uuid, 'inspect');
    await dying.killedItself();
    const service = await start();
    try {
      await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);

      const events = await eventsOf(service);
      assert.equal((await showNode(service, uuid)).last_error, null);
      for (const each of ['agent.token.rotated', 'agent.bound']) {
        assert.equal(events.filter((event) => event === each).length, index + 1, events.join(' '));
      }
      assert.deepEqual(
        events.filter((event) => event.startsWith('agent.poll.')),
        [],
      );
    } finally {
      await service.stop();
    }
  });
}
