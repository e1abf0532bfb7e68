import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { CommandResult } from '@bessemer/protocol/agent/command';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import { parseGpt, readGptHeader } from '#image/gpt';
import { readMbrEntries } from '#image/mbr';
import { makeGptImage, makeMbrImage } from './disk-image.ts';
import { type Fault, type ImageServer, sha256, startImageServer } from './image-server.ts';
import { startTestAgent, type TestAgent, type TestAgentOptions } from './simulated-agent.ts';

const MIB = 1024 * 1024;
const image = makeGptImage(16);
const DRIVE = Buffer.concat([Buffer.alloc(32_769), Buffer.from('CD001'), randomBytes(100_000)]);

let server: ImageServer;
before(async () => {
  server = await startImageServer();
});
after(() => server.close());

type Wish = {
  readonly bytes?: Buffer;
  readonly fault?: Fault;
  readonly info?: JsonObject;
  readonly node?: JsonObject;
  readonly configDrive?: JsonValue;
};

/** Runs the deploy step as a conductor does. */
const write = (agent: TestAgent, wish: Wish = {}): Promise<CommandResult> => {
  const bytes = wish.bytes ?? image;
  server.put('image', bytes, wish.fault);
  const imageInfo = {
    id: 'image',
    urls: [server.url('image')],
    os_hash_algo: 'sha256',
    os_hash_value: sha256(bytes),
    disk_format: 'raw',
    stream_raw_images: true,
    ...wish.info,
  };
  return agent.run('deploy.execute_deploy_step', {
    node: wish.node ?? {},
    ports: [],
    step: {
      step: 'write_image',
      interface: 'deploy',
      args: { image_info: imageInfo, configdrive: wish.configDrive ?? null },
    },
  });
};

const withAgent = async (
  work: (agent: TestAgent) => Promise<void>,
  options: TestAgentOptions = {},
): Promise<void> => {
  const agent = await startTestAgent(options);
  try {
    await work(agent);
  } finally {
    await agent.close();
  }
};

const assertHolds = async (agent: TestAgent, wanted: Buffer): Promise<void> => {
  const disk = await readFile(agent.diskPath);
  assert.equal(disk.length, agent.diskBytes);
  // The table's first and last sectors are fitted to the disk.
  const from = MIB;
  const to = wanted.length - MIB;
  assert.ok(disk.subarray(from, to).equals(wanted.subarray(from, to)), 'the disk holds the image');
};

const gptOf = (disk: Buffer, lba = 1) => {
  const header = disk.subarray(lba * 512, (lba + 1) * 512);
  const place = readGptHeader(header);
  assert.ok(place);
  const from = place.entriesLba * 512;
  return parseGpt(header, disk.subarray(from, from + place.entriesBytes));
};

const failureCode = (result: CommandResult) => result.command_error?.failure_code;

for (const [name, pack] of [
  ['raw', (bytes: Buffer) => bytes],
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const) {
  test(`a ${name} image ends on the disk as it was before packing`, () =>
    withAgent(async (agent) => {
      const result = await write(agent, { bytes: pack(image) });

      assert.equal(result.command_status, 'SUCCEEDED', JSON.stringify(result.command_error));
      await assertHolds(agent, image);
    }));
}

test('zeros are written where the disk was not known to be empty', () =>
  withAgent(
    async (agent) => {
      await writeFile(agent.diskPath, randomBytes(agent.diskBytes));

      const result = await write(agent);

      assert.equal(result.command_status, 'SUCCEEDED');
      await assertHolds(agent, image);
    },
    { disk: { supports: [] } },
  ));

/** Made by the tool that users make theirs with. */
const asQcow2 = async (...options: readonly string[]): Promise<Buffer> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-qcow2-'));
  try {
    const [from, to] = [join(directory, 'image.raw'), join(directory, 'image.qcow2')];
    await writeFile(from, image);
    await promisify(execFile)('qemu-img', ['convert', '-O', 'qcow2', ...options, from, to]);
    return await readFile(to);
  } finally {
    await rm(directory, { recursive: true });
  }
};

for (const options of [
  [],
  ['-c'],
  ['-c', '-o', 'compression_type=zstd'],
  ['-o', 'cluster_size=512'],
]) {
  test(`a qcow2 image (${options.join(' ') || 'plain'}) ends on the disk as the disk it describes`, () =>
    withAgent(async (agent) => {
      const bytes = await asQcow2(...options);

      const result = await write(agent, { bytes, info: { disk_format: 'qcow2' } });

      assert.equal(result.command_status, 'SUCCEEDED', JSON.stringify(result.command_error));
      await assertHolds(agent, image);
    }));
}

test('zeros of a qcow2 image are written where the disk was not known to be empty', () =>
  withAgent(
    async (agent) => {
      await writeFile(agent.diskPath, randomBytes(agent.diskBytes));

      const result = await write(agent, {
        bytes: await asQcow2(),
        info: { disk_format: 'qcow2' },
      });

      assert.equal(result.command_status, 'SUCCEEDED', JSON.stringify(result.command_error));
      await assertHolds(agent, image);
    },
    { disk: { supports: [] } },
  ));

test('a qcow2 image with a backing file is refused by name of the rule, with nothing written', () =>
  withAgent(async (agent) => {
    const bytes = await asQcow2();
    bytes.writeBigUInt64BE(512n, 8);
    bytes.writeUInt32BE(11, 16);

    const result = await write(agent, { bytes, info: { disk_format: 'qcow2' } });

    assert.equal(failureCode(result), 'image.format');
    assert.match(result.command_error?.details ?? '', /backing file/);
  }));

test('a qcow2 image that claims more than the disk is refused', () =>
  withAgent(async (agent) => {
    const bytes = await asQcow2();
    bytes.writeBigUInt64BE(2n ** 52n, 24);

    const result = await write(agent, { bytes, info: { disk_format: 'qcow2' } });

    assert.ok(['image.too-large', 'image.format'].includes(failureCode(result) ?? ''));
  }));

test('the result names image, disk and disk identifier, and echoes the step', () =>
  withAgent(async (agent) => {
    const result = await write(agent);

    const { deploy_result: done, deploy_step: step } = result.command_result as {
      readonly deploy_result: { readonly result: string };
      readonly deploy_step: { readonly step: string };
    };
    assert.match(
      done.result,
      /^prepare_image: image \(image\) written to device \/dev\/sim0 root_uuid=[0-9a-f-]{36}$/,
    );
    assert.equal(step.step, 'write_image');
  }));

test('the backup partition table moves to the end of the disk', () =>
  withAgent(async (agent) => {
    await write(agent);

    const disk = await readFile(agent.diskPath);
    const lastLba = agent.diskBytes / 512 - 1;
    assert.deepEqual(gptOf(disk, lastLba).entries, gptOf(disk).entries);
    assert.equal(gptOf(disk).lastUsableLba, lastLba - 33);
  }));

test('a config drive gets a partition named config-2 at the end of a GPT disk', () =>
  withAgent(async (agent) => {
    const configDrive = gzipSync(DRIVE).toString('base64');

    const result = await write(agent, { configDrive });

    assert.equal(result.command_status, 'SUCCEEDED', JSON.stringify(result.command_error));
    const disk = await readFile(agent.diskPath);
    const place = gptOf(disk).entries.find((entry) => entry?.name === 'config-2');
    assert.ok(place);
    const at = place.firstLba * 512;
    assert.ok(disk.subarray(at, at + DRIVE.length).equals(DRIVE));
  }));

test('a config drive gets a primary partition on a disk with an old table', () =>
  withAgent(async (agent) => {
    const configDrive = gzipSync(DRIVE).toString('base64');

    const result = await write(agent, { bytes: makeMbrImage(8), configDrive });

    assert.equal(result.command_status, 'SUCCEEDED', JSON.stringify(result.command_error));
    const disk = await readFile(agent.diskPath);
    const place = readMbrEntries(disk.subarray(0, 512))[1];
    assert.ok(place);
    assert.ok(
      disk
        .subarray(place.firstLba * 512)
        .subarray(0, DRIVE.length)
        .equals(DRIVE),
    );
  }));

test('a config drive may be an address', () =>
  withAgent(async (agent) => {
    server.put('drive', Buffer.from(gzipSync(DRIVE).toString('base64')));

    const result = await write(agent, { configDrive: server.url('drive') });

    assert.equal(result.command_status, 'SUCCEEDED', JSON.stringify(result.command_error));
    assert.ok((await readFile(agent.diskPath)).includes(DRIVE.subarray(32_769, 33_000)));
  }));

test('a config drive over 64 MiB is refused before the disk is touched', () =>
  withAgent(async (agent) => {
    const configDrive = gzipSync(Buffer.alloc(65 * MIB)).toString('base64');

    const result = await write(agent, { configDrive });

    assert.equal(failureCode(result), 'configdrive.too-large');
    assert.equal(server.requests('image'), 0);
  }));

test('a wrong checksum fails, after one more try, and leaves no disk that boots', () =>
  withAgent(async (agent) => {
    const result = await write(agent, { info: { os_hash_value: '0'.repeat(64) } });

    assert.equal(result.command_error?.type, 'ImageChecksumError');
    assert.equal(failureCode(result), 'image.checksum-mismatch');
    assert.equal(server.requests('image'), 2);
    const disk = await readFile(agent.diskPath);
    assert.ok(disk.subarray(0, MIB).equals(Buffer.alloc(MIB)));
  }));

test('a transfer that breaks goes on where it broke', () =>
  withAgent(async (agent) => {
    const result = await write(agent, { fault: { cutAfterBytes: 5 * MIB, cutTimes: 2 } });

    assert.equal(result.command_status, 'SUCCEEDED', JSON.stringify(result.command_error));
    assert.equal(server.requests('image'), 3);
    await assertHolds(agent, image);
  }));

test('a transfer that breaks starts over when the server knows no ranges', () =>
  withAgent(async (agent) => {
    const fault = { cutAfterBytes: 5 * MIB, cutTimes: 1, noRanges: true };

    const result = await write(agent, { fault });

    assert.equal(result.command_status, 'SUCCEEDED', JSON.stringify(result.command_error));
    await assertHolds(agent, image);
  }));

test('a download that always ends early is given up, not taken for an image', () =>
  withAgent(async (agent) => {
    const result = await write(agent, { fault: { cutAfterBytes: 3 * MIB, noRanges: true } });

    assert.equal(result.command_error?.type, 'ImageDownloadError');
    assert.equal(failureCode(result), 'image.download');
    assert.match(result.command_error?.details ?? '', /byte 3145728 of 16777216/);
  }));

test('a refusal of the image server is final', () =>
  withAgent(async (agent) => {
    const result = await write(agent, { fault: { status: 403 } });

    assert.equal(failureCode(result), 'image.download');
    assert.match(result.command_error?.details ?? '', /answered 403/);
  }));

test('an image larger than the disk is refused by its size', () =>
  withAgent(
    async (agent) => {
      const result = await write(agent);

      assert.equal(failureCode(result), 'image.too-large');
    },
    { diskMiB: 8 },
  ));

test('a packed image that grows larger than the disk is stopped at its end', () =>
  withAgent(
    async (agent) => {
      const result = await write(agent, { bytes: gzipSync(image) });

      assert.equal(failureCode(result), 'image.too-large');
      assert.equal((await readFile(agent.diskPath)).length, agent.diskBytes);
    },
    { diskMiB: 8 },
  ));

test('a broken packed image is refused as such', () =>
  withAgent(async (agent) => {
    const packed = gzipSync(image);

    const result = await write(agent, { bytes: packed.subarray(0, packed.length >> 1) });

    assert.equal(failureCode(result), 'image.format');
  }));

test('a file that is another format than declared is refused before anything is written', () =>
  withAgent(async (agent) => {
    const bytes = Buffer.concat([Buffer.from([0x51, 0x46, 0x49, 0xfb]), randomBytes(MIB)]);

    const result = await write(agent, { bytes });

    assert.equal(failureCode(result), 'image.format');
    assert.match(result.command_error?.details ?? '', /declared as raw but is qcow2/);
  }));

test('no disk that matches the hints fails by name of the hints', () =>
  withAgent(async (agent) => {
    const result = await write(agent, { node: { properties: { root_device: { serial: 'X' } } } });

    assert.equal(result.command_error?.type, 'DeviceNotFound');
    assert.equal(failureCode(result), 'disk.no-match');
    assert.match(result.command_error?.details ?? '', /"serial":"X"/);
  }));

test('hints of the instance are stronger than hints of the machine', () =>
  withAgent(async (agent) => {
    const node = {
      properties: { root_device: { serial: 'X' } },
      instance_info: { root_device: { serial: 'disk1' } },
    };

    const result = await write(agent, { node });

    assert.equal(result.command_status, 'SUCCEEDED', JSON.stringify(result.command_error));
  }));

test('an agent without a permit writes to no disk', () =>
  withAgent(
    async (agent) => {
      const result = await write(agent);

      assert.equal(result.command_error?.type, 'ProtectedDeviceError');
      assert.equal(server.requests('image'), 0);
    },
    { withoutPermit: true },
  ));
