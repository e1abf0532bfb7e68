// Every sub-command of `openstack baremetal` that Debian's client has, against the real service, in each authentication
// mode. What the client has is asked of the client: a sub-command without a case here fails the test.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  ALLOCATION_CASES,
  CHASSIS_CASES,
  SERVICE_CASES,
  TEMPLATE_CASES,
} from './clients/cli/catalog-cases.ts';
import { PORT_CASES, VOLUME_CASES } from './clients/cli/network-cases.ts';
import { NODE_CASES } from './clients/cli/node-cases.ts';
import { NODE_HARDWARE_CASES } from './clients/cli/node-hardware-cases.ts';
import { NODE_STATE_CASES } from './clients/cli/node-state-cases.ts';
import { type CliCases, type CliWorld, makeCliWorld } from './clients/cli-world.ts';
import { MODES, type ServiceInMode, startInMode } from './clients/modes.ts';
import { type OpenstackHost, startOpenstackHost } from './clients/openstack-host.ts';

const CASES: CliCases = {
  ...NODE_CASES,
  ...NODE_STATE_CASES,
  ...NODE_HARDWARE_CASES,
  ...PORT_CASES,
  ...VOLUME_CASES,
  ...ALLOCATION_CASES,
  ...CHASSIS_CASES,
  ...TEMPLATE_CASES,
  ...SERVICE_CASES,
};

test('each sub-command that the client has is a case here', async () => {
  const host = await startOpenstackHost();
  await host.stop();

  assert.deepEqual(Object.keys(CASES).sort(), [...host.subCommands].sort());
});

for (const mode of MODES) {
  describe(`openstack baremetal, authentication ${mode}`, { concurrency: 2 }, () => {
    let inMode: ServiceInMode;
    let hosts: readonly OpenstackHost[];
    let worlds: readonly CliWorld[];
    before(async () => {
      [inMode, ...hosts] = await Promise.all([
        startInMode(mode),
        startOpenstackHost(),
        startOpenstackHost(),
      ]);
      worlds = hosts.map((host) => makeCliWorld(host, inMode));
    });
    after(async () => {
      for (const host of hosts) await host.stop();
      await inMode.stop();
    });

    for (const [index, [subCommand, check]] of Object.entries(CASES).entries()) {
      test(subCommand, () => check(worlds[index % worlds.length] as CliWorld));
    }
  });
}
