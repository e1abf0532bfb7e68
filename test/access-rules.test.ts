// The policy file of a running service: what is pasted counts, what is wrong does not, and both are told.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import {
  BESSEMER,
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';
import { waitFor } from './harness/wait-for.ts';

const run = promisify(execFile);

const COUNTS_MS_MAX = 15_000;

let service: RunningService;
let node: string;
before(async () => {
  service = await startService({ directory: await makeDirectory() });
  const made = await service.call('POST', '/v1/nodes', {
    driver: 'fake-hardware',
    driver_info: { fake_password: 'hunter2', address: 'bmc' },
  });
  assert.equal(made.status, 201, made.text);
  node = (made.body as { readonly uuid: string }).uuid;
});
after(async () => {
  await service?.stop();
  if (service !== undefined) await removeDirectory(service.directory);
});

const dataOf = ({ directory }: RunningService): string => join(directory, 'data');

const putPolicy = async (text: string): Promise<void> => {
  const path = join(dataOf(service), 'policy.yaml');
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
};

const shownPassword = async (): Promise<unknown> => {
  const { body } = await service.call('GET', `/v1/nodes/${node}`);
  return (body as { readonly driver_info: { readonly [key: string]: unknown } }).driver_info[
    'fake_password'
  ];
};

const auditOf = async (event: string): Promise<string> => {
  const args = ['audit', 'list', '--data', dataOf(service), '--event', event];
  return (await run(BESSEMER, args)).stdout;
};

test('an override of show_password counts without a restart, and a bad file changes nothing', async () => {
  assert.equal(await shownPassword(), '******');

  await putPolicy('"show_password": "rule:is_admin"\n');
  await waitFor(shownPassword, (shown) => shown === 'hunter2', COUNTS_MS_MAX);
  await putPolicy('"show_password": "rule:is_admni"\n');
  const rejected = await waitFor(
    async () => {
      assert.equal(await shownPassword(), 'hunter2');
      return auditOf('policy.rejected');
    },
    (text) => text.includes('policy.rejected'),
    COUNTS_MS_MAX,
  );

  assert.match(rejected, /is_admni/);
  assert.match(await auditOf('policy.reloaded'), /policy\.reloaded/);
  assert.match(await readFile(service.logPath, 'utf8'), /"event":"policy\.rejected"/);
  const { text: metrics } = await service.call('GET', '/metrics');
  assert.match(metrics, /event="policy\.rejected",severity="high"\} 1/);
});

test('explain says of the administrator of the service what the service does', async () => {
  await putPolicy('{}');

  const { stdout } = await run(BESSEMER, [
    'policy',
    'explain',
    '--data',
    dataOf(service),
    '--user',
    'admin',
    '--node',
    node,
    '--rule',
    'baremetal:node:delete',
  ]);

  assert.match(stdout, /^allowed: baremetal:node:delete/);
});

test('T-50: a service with a policy file that it cannot use does not start', async () => {
  const directory = await makeDirectory();
  await mkdir(join(directory, 'data'), { mode: 0o700 });
  await writeFile(join(directory, 'data', 'policy.yaml'), '"baremetal:node:gett": "role:admin"\n');

  await assert.rejects(
    startService({ directory }),
    /ended with 2:[^]*policy\.yaml:1: "baremetal:node:gett": there is no such rule/,
  );

  await removeDirectory(directory);
});
