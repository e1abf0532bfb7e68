// The disk under the service's data runs full in the middle of work: what was asked is not lost, nothing fails for
// it, and the work goes on once there is room. On a small file system in memory, so root is needed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { askFor, type NodeView, showNode, waitForState } from './harness/node.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';
import { waitFor } from './harness/wait-for.ts';

const VOLUME_MIB = 24;
const CHUNK_BYTES = 64 * 1024;
const STEP_MS_MAX = 60_000;

let directory: string;
let data: string;
let service: RunningService;

before(async () => {
  directory = await makeDirectory();
  data = join(directory, 'data');
  await mkdir(data, { mode: 0o700 });
  const options = `size=${VOLUME_MIB}m,mode=0700`;
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'bessemer-full-disk', data]);
  service = await startService({ directory, settings: ['fake.clean_delay=2'] });
});

after(async () => {
  await service?.stop();
  execFileSync('umount', [data]);
  await removeDirectory(directory);
});

const ballast = (): string => join(data, 'ballast');

/** Fills what is left, down to the last block. */
const fillDisk = async (): Promise<void> => {
  const { bsize } = statfsSync(data);
  for (const size of [CHUNK_BYTES, bsize]) {
    for (;;) {
      try {
        await writeFile(ballast(), Buffer.alloc(size), { flag: 'a' });
      } catch (error) {
        assert.match(String(error), /ENOSPC/);
        break;
      }
    }
  }
};

const makeFakeNode = async (name: string): Promise<string> => {
  const made = await service.call('POST', '/v1/nodes', { name, driver: 'fake-hardware' });
  assert.equal(made.status, 201, made.text);
  const { uuid } = made.body as { readonly uuid: string };
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  return uuid;
};

const logText = (): Promise<string> => readFile(service.logPath, 'utf8');

test('work that meets a full disk is neither lost nor failed, and ends when there is room', async () => {
  const uuid = await makeFakeNode('full-disk');
  await askFor(service, uuid, 'provide');
  await fillDisk();
  await waitFor(logText, (text) => text.includes('the store did not take a write'), STEP_MS_MAX);

  const during: NodeView = await showNode(service, uuid);
  assert.match(during.provision_state, /^clean/);
  assert.equal(during.last_error, null);

  await rm(ballast());
  const done = await waitForState(service, uuid, ['available'], STEP_MS_MAX);
  assert.equal(done.last_error, null);
});

test('a request that cannot be stored is refused, says why, and changes nothing', async () => {
  const uuid = await makeFakeNode('refused');
  await fillDisk();

  const body = { target: 'provide' };
  const refused = await waitFor(
    () => service.call('PUT', `/v1/nodes/${uuid}/states/provision`, body),
    // The log of the store may still have a page of its own to write to.
    ({ status }) => status !== 409,
    STEP_MS_MAX,
  );

  assert.equal(refused.status, 503, refused.text);
  assert.match(refused.text, /store/i);
  assert.equal((await showNode(service, uuid)).provision_state, 'manageable');
  await rm(ballast());
  await askFor(service, uuid, 'provide');
  await waitForState(service, uuid, ['available'], STEP_MS_MAX);
});
