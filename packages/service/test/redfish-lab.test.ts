// The driver against the BMC of the lab, in a process of its own: two programs that share no code but the wire.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { systemClock } from '#clock';
import { DEFAULT_DRIVER_OPTIONS, makeDriverRegistry } from '#drivers/registry';

import type { JsonObject } from '@bessemer/protocol/json';

import { nodeOf } from './drivers/node-of.ts';
import { redfishContract, type ContractBench } from './drivers/redfish-contract.ts';
import { startSmallImageServer, type SmallImageServer } from './drivers/small-image-server.ts';

const run = promisify(execFile);
const BESSEMER = fileURLToPath(new URL('../../../bessemer', import.meta.url));
const UP_MS_MAX = 60_000;

let directory = '';
let machine: { readonly name: string; readonly driver_info: JsonObject };
let images: SmallImageServer;

const lab = async (...args: string[]): Promise<string> => {
  const { stdout } = await run(BESSEMER, ['lab', ...args, '--dir', directory], {
    timeout: UP_MS_MAX,
  });
  return stdout;
};

before(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'bessemer-lab-')), 'lab');
  images = await startSmallImageServer();
  const { machines } = JSON.parse(await lab('up', '--kind', 'simulated', '--json')) as {
    machines: (typeof machine)[];
  };
  const [first] = machines;
  assert.ok(first !== undefined);
  machine = first;
});

after(async () => {
  await lab('down');
  await images.close();
  await rm(join(directory, '..'), { recursive: true, force: true });
});

const bench = (context: { after: (work: () => Promise<void>) => void }): ContractBench => {
  const registry = makeDriverRegistry({
    options: {
      ...DEFAULT_DRIVER_OPTIONS,
      redfish: { ...DEFAULT_DRIVER_OPTIONS.redfish, isLoopbackAllowed: true, powerConfirmMs: 20 },
    },
    clock: systemClock,
    log: { info: () => undefined, warn: () => undefined, debug: () => undefined },
  });
  context.after(registry.close);
  const node = nodeOf(machine.driver_info);
  return {
    driver: registry.driverOf(node),
    node,
    nodeWithWrongPassword: nodeOf({ ...machine.driver_info, redfish_password: 'wrong' }),
    urls: [images.url, `${images.url}?again=1`],
  };
};

redfishContract("the lab's BMC", (context) => Promise.resolve(bench(context)));

for (const [fault, value] of [
  ['tasks', '50'],
  ['stale-power', '2'],
  ['strict-power', '1'],
  ['lost-sessions', '1'],
  ['drop-connection', '1'],
  ['unavailable', '2'],
  ['require-if-match', '1'],
  ['patch-media', '1'],
] as const) {
  test(`the lab's BMC with the fault ${fault}: a round of power and media works all the same`, async (context) => {
    const { driver, node, urls } = bench(context);
    await lab('fault', machine.name, fault, 'on', '--value', value);
    context.after(async () => {
      await lab('fault', machine.name, fault, 'off');
    });

    await driver.power.setState(node, 'power on', { timeoutMs: 30_000 });
    await driver.power.setState(node, 'power off', { timeoutMs: 30_000 });
    await driver.boot.prepareRamdisk(node, { transport: 'vmedia', url: urls[0] });
    await driver.boot.cleanUpRamdisk(node);

    assert.equal(await driver.power.fetchState(node), 'power off');
  });
}

for (const [fault, code] of [
  ['huge-answer', 'bmc.protocol'],
  ['deep-answer', 'bmc.protocol'],
  ['foreign-links', 'bmc.protocol'],
  ['redirect', 'bmc.protocol'],
  ['not-json', 'bmc.protocol'],
] as const) {
  test(`the lab's BMC with the fault ${fault}: the failure is ${code}`, async (context) => {
    const { driver } = bench(context);
    const node = nodeOf({ ...machine.driver_info, redfish_system_id: null });
    await lab('fault', machine.name, fault, 'on');
    context.after(async () => {
      await lab('fault', machine.name, fault, 'off');
    });

    await assert.rejects(driver.power.fetchState(node), { code });
  });
}

test("the lab's BMC locks accounts: a wrong password asked for often leaves the account open", async (context) => {
  const { driver, node, nodeWithWrongPassword } = bench(context);
  await lab('fault', machine.name, 'lockout', 'on', '--value', '2');
  context.after(async () => {
    await lab('fault', machine.name, 'lockout', 'off');
  });

  for (let times = 0; times < 10; times += 1) {
    await assert.rejects(driver.power.fetchState(nodeWithWrongPassword));
  }

  assert.equal(await driver.power.fetchState(node), 'power off');
});
