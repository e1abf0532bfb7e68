// Machines whose BMC speaks IPMI, with ipmitool as the console: a simulated one behind the lab's own BMC, and one of QEMU
// behind Debian's ipmi_sim. What a guest does with its system interface is seen in the tests with whole machines.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findTracked } from '../src/host/tracked-process.ts';
import { createIpmiLab, createQemuIpmiLab, openStage, startIpmiLab } from './ipmi-lab-stage.ts';

const QEMU_MS_MAX = 60_000;

test('a simulated machine is asked over IPMI, and its users outlive a restart of the lab', async (context) => {
  const stage = await openStage(context);
  const spec = await createIpmiLab('simulated', stage.directory);
  const first = await startIpmiLab(stage, spec, '17');

  const status = await first.ipmitool('chassis', 'power', 'status');
  await first.ipmitool('user', 'set', 'name', '3', 'second');
  await first.stop();
  const second = await startIpmiLab(stage, spec, '17');
  const users = await second.ipmitool('user', 'list', '1');

  assert.match(status, /Power is off/);
  assert.match(users, /^3 +second /m);
});

const needs = existsSync('/usr/bin/ipmi_sim') && existsSync('/usr/bin/qemu-system-x86_64');

test(
  'a QEMU machine is switched and given a boot order over IPMI, and leaves no ipmi_sim behind',
  { skip: needs ? false : 'needs ipmi_sim and QEMU', timeout: QEMU_MS_MAX },
  async (context) => {
    const stage = await openStage(context);
    const spec = await createQemuIpmiLab(stage.directory);
    const { machine, ipmitool, stop } = await startIpmiLab(stage, spec, '3');
    const pidFile = join(machine.spec.directory, 'ipmi-sim.pid');

    await ipmitool('chassis', 'bootdev', 'pxe');
    const override = machine.machine.bootPlan.override;
    const shown = await ipmitool('chassis', 'bootparam', 'get', '5');
    await ipmitool('chassis', 'power', 'on');
    const isOn = machine.machine.isOn();
    const statusOn = await ipmitool('chassis', 'power', 'status');
    await machine.machine.powerOff();
    const statusOff = await ipmitool('chassis', 'power', 'status');
    const wasRunning = findTracked(pidFile) !== undefined;
    await stop();

    assert.deepEqual(override, { source: 'network', isPersistent: false });
    assert.match(shown, /Force PXE/);
    assert.equal(isOn, true);
    assert.match(statusOn, /Power is on/);
    assert.match(statusOff, /Power is off/);
    assert.equal(wasRunning, true);
    assert.equal(findTracked(pidFile), undefined);
  },
);
