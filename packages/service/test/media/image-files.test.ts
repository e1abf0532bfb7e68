import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { imageFileUrl } from '#conductor/image-files';
import { checkImageSource, openImageFile } from '#media/image-source';
import { findNode } from '#store/nodes';

import { inTemporaryDirectory } from './base-iso.ts';
import { type BootScene, withBootListener } from './with-boot-listener.ts';

const NODE = '5f6c3c7e-8a64-4b6c-9f1d-0a4a1c1f5f10' as NodeUuid;
const IMAGE = randomBytes(700_000);

/** A node that is being deployed with a local image, and the address that its agent gets. */
const deploying = async (scene: BootScene): Promise<{ node: NodeRecord; url: string }> => {
  const directory = join(scene.directory, 'images');
  await mkdir(directory);
  await writeFile(join(directory, 'disk.raw'), IMAGE);
  const instanceInfo = {
    image_source: `file://${directory}/disk.raw`,
    image_os_hash_algo: 'sha256',
    image_os_hash_value: createHash('sha256').update(IMAGE).digest('hex'),
  };
  const text = (value: object) => JSON.stringify(value);
  await scene.store.db
    .insertInto('node')
    .values({
      uuid: NODE,
      driver: 'fake-hardware',
      interfaces: '{}',
      driver_info: '{}',
      instance_info: text(instanceInfo),
      properties: '{}',
      extra: '{}',
      driver_internal_info: '{}',
      network_data: '{}',
      instance_info_masked: text(instanceInfo),
      driver_internal_info_masked: '{}',
      provision_state: 'wait call-back',
      maintenance: 0,
      clean_step: '{}',
      deploy_step: '{}',
      service_step: '{}',
      raid_config: '{}',
      target_raid_config: '{}',
      conductor_group: '',
      protected: 0,
      retired: 0,
      console_enabled: 0,
      disable_power_off: 0,
      created_at: '2026-11-21T00:00:00+00:00',
    })
    .execute();
  const node = await findNode(scene.store.db, NODE);
  assert.ok(node !== undefined);
  const rules = { allowedNetworks: [], fileDirectories: [directory] };
  const url = imageFileUrl(scene, node, checkImageSource(node.instanceInfo, rules));
  return { node, url };
};

test('a local image reaches the agent of the node that is deployed with it, whole and by ranges', () =>
  withBootListener(async (scene) => {
    const { url } = await deploying(scene);

    const whole = await scene.fetch(url);
    const part = await scene.fetch(url, { headers: { range: 'bytes=300000-300099' } });

    assert.equal(whole.status, 200);
    assert.ok(whole.body.equals(IMAGE));
    assert.equal(part.status, 206);
    assert.ok(part.body.equals(IMAGE.subarray(300_000, 300_100)));
    assert.equal(part.headers.etag, whole.headers.etag);
  }));

test('the address is for this image, this node, this time and this deployment', () =>
  withBootListener(async (scene) => {
    const { url } = await deploying(scene);
    const [, , , , , signature = '', expires = ''] = url.split('/');

    const statuses = [];
    for (const changed of [
      url.replace(signature, signature.split('').toReversed().join('')),
      url.replace(expires, String(Number(expires) + 1)),
      url.replace(NODE, '6f6c3c7e-8a64-4b6c-9f1d-0a4a1c1f5f11'),
      url.replace('disk.raw', 'other.raw'),
    ]) {
      statuses.push((await scene.fetch(changed)).status);
    }
    assert.deepEqual(statuses, [403, 403, 403, 403]);

    await scene.store.db.updateTable('node').set({ provision_state: 'active' }).execute();
    assert.equal((await scene.fetch(url)).status, 410);
  }));

test('who has no right signature learns nothing about the node, its state or its image', () =>
  withBootListener(async (scene) => {
    const { url } = await deploying(scene);
    const [, , , , , signature = ''] = url.split('/');
    const forged = url.replace(signature, 'A'.repeat(43));
    const answers: unknown[] = [];
    const look = async (address: string): Promise<void> => {
      const { status, body } = await scene.fetch(address);
      answers.push([status, body.toString()]);
    };

    await look(forged);
    await look(forged.replace(NODE, '6f6c3c7e-8a64-4b6c-9f1d-0a4a1c1f5f11'));
    await look(forged.replace(NODE, 'no-uuid'));
    await scene.store.db.updateTable('node').set({ provision_state: 'active' }).execute();
    await look(forged);
    const far = scene.time.wallMs;
    scene.time.wallMs = far * 2;
    await look(forged);
    scene.time.wallMs = far;
    for (const info of [
      '{}',
      '{"image_source":"https://a.example/disk.raw"}',
      '{"image_source":5}',
    ]) {
      await scene.store.db.updateTable('node').set({ instance_info: info }).execute();
      await look(forged);
      await look(url);
    }

    assert.equal(answers.length, 11);
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.equal((answers[0] as readonly unknown[])[0], 403);
  }));

test('only plain files below the listed directories are opened', () =>
  inTemporaryDirectory(async (directory) => {
    const images = join(directory, 'images');
    const path = (name: string) => join(images, name);
    await mkdir(path('folder'), { recursive: true });
    await writeFile(join(directory, 'secret'), 'x');
    await writeFile(path('fine'), 'x');
    await symlink(join(directory, 'secret'), path('out'));
    await symlink(path('fine'), path('in'));
    await symlink('/dev/zero', path('zero'));
    execFileSync('mkfifo', [path('pipe')]);
    const rules = { allowedNetworks: [], fileDirectories: [images] };
    const denied = (error: unknown) =>
      error instanceof Failure && error.code === 'image.url-denied';

    for (const name of ['out', 'zero', 'pipe', 'folder', '../secret', '.']) {
      await assert.rejects(openImageFile(path(name), rules), denied, name);
    }
    for (const name of ['fine', 'in']) await (await openImageFile(path(name), rules)).close();
  }));

test('what is not there is a failure that says so, not a defect', () =>
  inTemporaryDirectory(async (directory) => {
    const rules = { allowedNetworks: [], fileDirectories: [directory] };
    const missing = (error: unknown) => error instanceof Failure && error.code === 'image.download';

    await assert.rejects(openImageFile(join(directory, 'none.raw'), rules), missing);
    const gone = { ...rules, fileDirectories: [join(directory, 'none')] };
    await assert.rejects(openImageFile(directory, gone), missing);
  }));
