// Passwords that are changed from inside of machines that are known: at the cleaning, through the agent's session, whether
// the agent calls or is polled. They are proved over the network like all others.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';

import { type Lab, labUp } from './harness/lab.ts';
import { askFor, makeNode, waitForState } from './harness/node.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';
import { waitFor } from './harness/wait-for.ts';

const STEP_MS_MAX = 90_000;

let directory: string;
let lab: Lab;
let service: RunningService;

before(async () => {
  directory = await makeDirectory();
  lab = await labUp('--kind=simulated', '--bmc=both', '--machines=2', '--disk=virtio:16M');
  service = await startService({
    directory,
    settings: [
      'agent.poll_interval=2',
      'bmc_credentials.path=inband',
      `deploy.ramdisk_iso=${lab.machines[0]?.deploy_iso}`,
    ],
  });
});

after(async () => {
  await service?.stop();
  await lab?.down();
  await removeDirectory(directory);
});

type Status = { readonly state: string; readonly rotation: object | null };

const credentialStatus = async (uuid: string): Promise<Status> =>
  (await service.call('GET', `/v1/nodes/${uuid}/vendor_passthru/bmc_credential_status`))
    .body as Status;

const rotate = (uuid: string, path: string) =>
  service.call('POST', `/v1/nodes/${uuid}/vendor_passthru/rotate_bmc_password`, { path });

/** What the log of the node's rotations says of how the BMC was told, the newest last. */
const tellingsOf = (uuid: string): readonly string[] => {
  const store = new DatabaseSync(join(directory, 'data/bessemer.sqlite'), { readOnly: true });
  try {
    const query =
      "select detail from bmc_rotation_log where node_uuid = ? and phase = 'verified' order by id";
    const rows = store.prepare(query).all(uuid) as { readonly detail: string }[];
    return rows.map(({ detail }) => {
      const { pass, path } = JSON.parse(detail) as { readonly [key: string]: string };
      return `${pass} ${path}`;
    });
  } finally {
    store.close();
  }
};

for (const [name, index, route] of [
  ['calls', 0, {}],
  ['is polled', 1, { agent_poll_only: 'true' }],
] as const) {
  test(`an agent that ${name} sets the next password at the cleaning`, async () => {
    const machine = lab.machines[index];
    assert.ok(machine);
    const uuid = await makeNode(service, machine, {
      driver_info: { ...machine.driver_info, ...route },
    });
    await askFor(service, uuid, 'manage');
    await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);

    const refused = await rotate(uuid, 'inband');
    const taken = await rotate(uuid, 'oob');
    await waitFor(
      () => credentialStatus(uuid),
      ({ state, rotation }) => state === 'managed' && rotation === null,
      STEP_MS_MAX,
    );
    const before = tellingsOf(uuid);
    await askFor(service, uuid, 'provide');
    await waitForState(service, uuid, ['available'], STEP_MS_MAX);

    assert.equal(refused.status, 400);
    assert.match(refused.text, /path=inband: no agent of ours runs on the machine/);
    assert.equal(taken.status, 202);
    assert.equal((await credentialStatus(uuid)).state, 'managed');
    assert.deepEqual(before, ['replace oob', 'retire oob']);
    assert.equal(tellingsOf(uuid)[2], 'replace inband');
  });
}
