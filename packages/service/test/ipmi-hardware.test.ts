// Hardware type ipmi against Debian's ipmi_sim and the lab's BMC.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { connectIpmi } from '#drivers/ipmi/client';

import { SESSIONS_MAX } from '../../lab/src/bmc/ipmi/sessions.ts';

import { loginOf, partsFor } from './drivers/ipmi-contract.ts';
import { ipmiBench, ipmiHardwareContract } from './drivers/ipmi-hardware-contract.ts';
import { startIpmiSim, type IpmiSim } from './drivers/ipmi-sim.ts';
import { startLabBmc, type LabBmc } from './drivers/lab-bmc.ts';
import { startUdpProxy, type Fate } from './drivers/udp-proxy.ts';

let sim: IpmiSim;
let lab: LabBmc;

before(async () => {
  sim = await startIpmiSim();
  lab = await startLabBmc();
});

beforeEach(() => {
  lab.bmc.faults.clear();
});

after(async () => {
  await sim.close();
  await lab.close();
});

ipmiHardwareContract('ipmi_sim', () => sim, { ipmi_cipher_suite: 3 });
ipmiHardwareContract("the lab's BMC", () => lab, {});

test('a BMC without suite 17 is not let down to suite 3 unasked', async (context) => {
  const { driver, node } = ipmiBench(context, sim, {});

  await assert.rejects(driver.power.fetchState(node), { code: 'bmc.unsupported' });
});

test('suite 3 is spoken where the configuration lists it', async (context) => {
  const { driver, node } = ipmiBench(context, sim, {}, { cipherSuites: [17, 3] });

  assert.match(await driver.power.fetchState(node), /^power o/);
});

test('a boot device is set with its persistence and the firmware that it is for', async (context) => {
  const { driver, nodeWith } = ipmiBench(context, lab, {});
  const { bootPlan } = lab.bmc.machine;
  const bios = nodeWith({}, { properties: { capabilities: 'boot_mode:bios' } });

  await driver.boot.prepareInstance(nodeWith({}));
  const instance = structuredClone(bootPlan);
  const read = await driver.management.fetchBootDevice(nodeWith({}));
  await driver.boot.prepareRamdisk(bios, { transport: 'network' });

  assert.deepEqual(instance.override, { source: 'disk', isPersistent: true });
  assert.equal(instance.mode, 'uefi');
  assert.deepEqual(read, { device: 'disk', isPersistent: true });
  assert.deepEqual(bootPlan.override, { source: 'network', isPersistent: false });
  assert.equal(bootPlan.mode, 'bios');
});

test('the BMC keeps a boot device over a minute, unless the node says otherwise', async (context) => {
  const { driver, nodeWith } = ipmiBench(context, lab, {});
  lab.bmc.bootParameters.delete(3);

  await driver.boot.prepareRamdisk(nodeWith({ ipmi_disable_boot_timeout: false }), {
    transport: 'network',
  });
  const without = lab.bmc.bootParameters.get(3);
  await driver.boot.prepareRamdisk(nodeWith({}), { transport: 'network' });

  assert.equal(without, undefined);
  assert.deepEqual([...(lab.bmc.bootParameters.get(3) ?? [])], [0x08]);
});

test('an order whose answer is lost is found out by looking', async (context) => {
  const { driver, node } = ipmiBench(context, lab, { ipmi_priv_level: 'operator' });
  await driver.power.setState(node, 'power off', { timeoutMs: 30_000 });
  const counted = lab.bmc.counters.chassisControls;
  lab.bmc.faults.set('drop-answers', 1);

  await driver.power.setState(node, 'power on', { timeoutMs: 30_000 });

  assert.equal(await driver.power.fetchState(node), 'power on');
  assert.equal(lab.bmc.counters.chassisControls, counted + 1);
});

test('calls to one BMC come one after another, and leave no session', async (context) => {
  const { driver, node } = ipmiBench(context, lab, {});

  const states = await Promise.all(Array.from({ length: 20 }, () => driver.power.fetchState(node)));

  assert.equal(new Set(states).size, 1);
  assert.equal(lab.sessionCount(), 0);
});

test('a machine that does not switch is told, with what its BMC reports', async (context) => {
  const { driver, node } = ipmiBench(context, lab, {});
  await driver.power.setState(node, 'power on', { timeoutMs: 30_000 });
  lab.bmc.faults.set('ignore-power', 1);

  await assert.rejects(driver.power.setState(node, 'soft power off', { timeoutMs: 300 }), {
    code: 'bmc.power',
    details: { target: 'soft power off', seen: 'on' },
  });
});

test('a BMC that falls silent is unreachable, and is not taken for a wrong password', async (context) => {
  const silence: Fate = () => [];
  const proxy = await startUdpProxy(lab.port, silence);
  context.after(proxy.close);
  const { driver, node } = ipmiBench(context, { ...lab, port: proxy.port }, {});

  await assert.rejects(driver.power.fetchState(node), { code: 'bmc.unreachable' });
  await assert.rejects(driver.power.fetchState(node), { code: 'bmc.unreachable' });
});

test('an order waits while others have all sessions', async (context) => {
  const { driver, node } = ipmiBench(context, lab, {});
  await driver.power.setState(node, 'power off', { timeoutMs: 30_000 });
  const others = await Promise.all(
    Array.from({ length: SESSIONS_MAX }, async () =>
      connectIpmi(await partsFor(lab.port), loginOf(lab, [17])),
    ),
  );
  const { openings } = lab.bmc.counters;

  const change = driver.power.setState(node, 'power on', { timeoutMs: 30_000 });
  while (lab.bmc.counters.openings === openings) await nextTurn();
  await Promise.all(others.map((session) => session.close()));
  await change;

  assert.equal(await driver.power.fetchState(node), 'power on');
});
