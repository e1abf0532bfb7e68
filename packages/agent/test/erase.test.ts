import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { CommandResult } from '@bessemer/protocol/agent/command';
import type { DiskErasure } from '@bessemer/protocol/agent/step';
import type { SimulatedDisk } from '#hardware/simulated-machine';
import { startTestAgent, type TestAgent } from './simulated-agent.ts';

const MIB = 1024 * 1024;
const MARKER = Buffer.from('left-behind-by-the-last-tenant');

const clean = (agent: TestAgent, step: string, node = {}): Promise<CommandResult> =>
  agent.run('clean.execute_clean_step', { node, ports: [], step: { step, interface: 'deploy' } });

const devicesOf = (result: CommandResult): readonly DiskErasure[] =>
  (
    result.command_result as unknown as {
      readonly clean_result: { readonly devices: DiskErasure[] };
    }
  ).clean_result.devices;

/** An agent whose disk is full of old data. */
const withUsedDisk = async (
  disk: Partial<SimulatedDisk>,
  work: (agent: TestAgent) => Promise<void>,
  withoutPermit = false,
): Promise<void> => {
  const agent = await startTestAgent({ disk, diskMiB: 16, withoutPermit });
  try {
    const content = randomBytes(agent.diskBytes);
    MARKER.copy(content, 7 * MIB);
    await writeFile(agent.diskPath, content);
    await work(agent);
  } finally {
    await agent.close();
  }
};

const isZero = async (agent: TestAgent): Promise<boolean> =>
  (await readFile(agent.diskPath)).equals(Buffer.alloc(agent.diskBytes));

for (const [supports, method] of [
  [['nvme-format', 'discard'], 'nvme-format'],
  [['discard'], 'discard'],
  [[], 'overwrite'],
] as const) {
  test(`a disk that knows ${supports.join(' and ') || 'nothing'} is erased by ${method}`, () =>
    withUsedDisk({ supports }, async (agent) => {
      const result = await clean(agent, 'erase_devices');

      assert.equal(result.command_status, 'SUCCEEDED', JSON.stringify(result.command_error));
      const [device] = devicesOf(result);
      assert.equal(device?.method, method);
      assert.equal(device.samples.nonZero, 0);
      assert.match(device.samples.digestBefore ?? '', /^[0-9a-f]{64}$/);
      assert.match(device.summary, new RegExp(`was erased by ${method}`));
      assert.ok(await isZero(agent));
    }));
}

test('a disk that lies about erasing is caught by the read-back and overwritten', () =>
  withUsedDisk({ supports: ['nvme-format', 'discard'], lies: true }, async (agent) => {
    const result = await clean(agent, 'erase_devices');

    const [device] = devicesOf(result);
    assert.deepEqual(
      device?.attempts.map(({ method, outcome }) => [method, outcome]),
      [
        ['nvme-format', 'read-back found data'],
        ['discard', 'read-back found data'],
        ['overwrite', 'erased'],
      ],
    );
    assert.ok(await isZero(agent));
  }));

test('wiping metadata clears both ends of the disk and nothing between', () =>
  withUsedDisk({}, async (agent) => {
    const result = await clean(agent, 'erase_devices_metadata');

    assert.equal(result.command_status, 'SUCCEEDED');
    const disk = await readFile(agent.diskPath);
    assert.ok(disk.subarray(0, 4 * MIB).equals(Buffer.alloc(4 * MIB)));
    assert.ok(disk.subarray(-4 * MIB).equals(Buffer.alloc(4 * MIB)));
    assert.ok(disk.includes(MARKER));
  }));

test('a disk that the operator excepts is left alone', () =>
  withUsedDisk({}, async (agent) => {
    const node = { properties: { skip_block_devices: [{ serial: 'DISK1' }] } };

    const result = await clean(agent, 'erase_devices', node);

    assert.deepEqual(devicesOf(result), []);
    assert.ok((await readFile(agent.diskPath)).includes(MARKER));
  }));

for (const step of ['erase_devices', 'erase_devices_metadata']) {
  test(`${step} refuses without a permit and leaves the disk as it is`, () =>
    withUsedDisk(
      {},
      async (agent) => {
        const before = await readFile(agent.diskPath);

        const result = await clean(agent, step);

        assert.equal(result.command_error?.type, 'ProtectedDeviceError');
        assert.ok((await readFile(agent.diskPath)).equals(before));
      },
      true,
    ));
}

for (const [name, status] of [
  ['power_off', 0],
  ['run_image', 77],
] as const) {
  test(`standby.${name} ends the machine with ${status} after the answer`, async () => {
    const agent = await startTestAgent();

    const result = await agent.run(`standby.${name}`, {});
    while (agent.exits.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await agent.close();

    assert.equal(result.command_status, 'SUCCEEDED');
    assert.deepEqual(agent.exits, [status]);
  });
}
