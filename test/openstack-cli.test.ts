// Debian's own `openstack baremetal` against a real service: the script that the reference service passes, in both
// authentication modes, and the further commands that operators use every day.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { openstack } from './harness/openstack.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';

type Client = {
  /** Fails the test when the command does. */
  readonly run: (...args: string[]) => Promise<string>;
  readonly refused: (...args: string[]) => Promise<string>;
  // oxlint-disable-next-line typescript/no-explicit-any -- replies of any shape
  readonly json: (...args: string[]) => Promise<any>;
};

const clientOf = (environment: { readonly [name: string]: string }): Client => {
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await openstack(environment, ['baremetal', ...args]);
    assert.equal(code, 0, `openstack baremetal ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  return {
    run,
    refused: async (...args) => {
      const { code, stderr } = await openstack(environment, ['baremetal', ...args]);
      assert.notEqual(code, 0, `openstack baremetal ${args.join(' ')} should have failed`);
      return stderr;
    },
    json: async (...args) => JSON.parse(await run(...args, '-f', 'json')),
  };
};

const acceptanceScript = async ({ run, json }: Client): Promise<void> => {
  const created = await json('node', 'create', '--driver', 'fake-hardware', '--name', 'c1');
  assert.equal(created.provision_state, 'enroll');
  const listed = await json('node', 'list');
  assert.equal(listed[0].Name, 'c1');
  assert.equal((await json('node', 'show', 'c1')).uuid, created.uuid);
  const stateOf = async (): Promise<string> =>
    (await json('node', 'show', 'c1', '--fields', 'provision_state')).provision_state;
  await run('node', 'manage', 'c1', '--wait', '60');
  await run('node', 'provide', 'c1', '--wait', '60');
  assert.equal(await stateOf(), 'available');
  await run('node', 'deploy', 'c1', '--wait', '60');
  assert.equal(await stateOf(), 'active');
  await run('node', 'undeploy', 'c1', '--wait', '60');
  assert.equal(await stateOf(), 'available');
  const drivers = await json('driver', 'list');
  assert.ok(
    drivers.some(
      (each: { [key: string]: string }) => each['Supported driver(s)'] === 'fake-hardware',
    ),
  );
  const conductors = await json('conductor', 'list');
  assert.equal(conductors[0].Alive, true);
  const old = await json('--os-baremetal-api-version', '1.50', 'node', 'list');
  assert.equal(old[0]['Provisioning State'], 'available');
  await run('node', 'delete', 'c1');
  assert.deepEqual(await json('node', 'list'), []);
};

describe('openstack baremetal with the default account', () => {
  let directory: string;
  let service: RunningService;
  let client: Client;
  before(async () => {
    directory = await makeDirectory();
    service = await startService({ directory });
    client = clientOf({
      OS_CLIENT_CONFIG_FILE: join(directory, 'data', 'clouds.yaml'),
      OS_CLOUD: 'bessemer',
    });
  });
  after(async () => {
    await service.stop();
    await removeDirectory(directory);
  });

  test('the acceptance script passes with the clouds.yaml that the service wrote', async () => {
    await acceptanceScript(client);
  });

  test('a wrong password is told as such', async () => {
    const wrong = clientOf({
      OS_AUTH_TYPE: 'http_basic',
      OS_USERNAME: 'admin',
      OS_PASSWORD: 'wrong',
      OS_ENDPOINT: service.url,
    });

    assert.match(await wrong.refused('node', 'list'), /401|Incorrect username or password/);
  });

  test('daily commands: fields, ports, maintenance, power, boot device, validation, cleaning', async () => {
    const { run, refused, json } = client;
    const node = await json(
      'node',
      'create',
      '--driver',
      'fake-hardware',
      '--name',
      'd1',
      '--property',
      'cpu_arch=x86_64',
      '--driver-info',
      'redfish_password=hidden',
    );
    assert.equal(node.driver_info.redfish_password, '******');

    const port = await json('port', 'create', '52:54:00:00:00:01', '--node', node.uuid);
    assert.equal((await json('port', 'list', '--node', node.uuid))[0].UUID, port.uuid);
    await run('port', 'set', port.uuid, '--extra', 'a=b');
    await run('port', 'delete', port.uuid);

    await run('node', 'set', 'd1', '--resource-class', 'big', '--extra', 'rack=7');
    await run('node', 'unset', 'd1', '--resource-class');
    const changed = await json('node', 'show', 'd1');
    assert.deepEqual([changed.resource_class, changed.extra], [null, { rack: 7 }]);

    await run('node', 'maintenance', 'set', 'd1', '--reason', 'fan');
    assert.equal((await json('node', 'show', 'd1')).maintenance_reason, 'fan');
    await run('node', 'maintenance', 'unset', 'd1');

    await run('node', 'manage', 'd1', '--wait', '60');
    await run('node', 'power', 'on', 'd1');
    await run('node', 'boot', 'device', 'set', 'd1', 'pxe');
    assert.equal((await json('node', 'boot', 'device', 'show', 'd1')).boot_device, 'pxe');
    const validation = await json('node', 'validate', 'd1');
    assert.ok(
      validation.some(
        (each: { Interface: string; Result: boolean }) => each.Interface === 'power' && each.Result,
      ),
    );

    const steps = JSON.stringify([{ interface: 'deploy', step: 'erase_devices' }]);
    await run('node', 'clean', 'd1', '--clean-steps', steps, '--wait', '60');
    assert.equal((await json('node', 'show', 'd1')).provision_state, 'manageable');
    await run('node', 'inspect', 'd1', '--wait', '60');

    assert.match(await refused('node', 'deploy', 'd1'), /can not be performed on node/);
    assert.match(await refused('node', 'show', 'nobody'), /could not be found/);
    await run('node', 'history', 'list', 'd1');
    await run('node', 'delete', 'd1');
  });

  test('sessions of agents are seen and revoked by the methods of a node', async () => {
    const { run, refused, json } = client;
    await run('node', 'create', '--driver', 'fake-hardware', '--name', 'p1');
    const passthru = ['node', 'passthru', 'call', '--http-method'] as const;

    const methods = await json('node', 'passthru', 'list', 'p1');
    await run(...passthru, 'GET', 'p1', 'agent_sessions');
    const revoke = ['POST', 'p1', 'agent_session_revoke', '--arg', 'reason=lost'] as const;

    const names = methods.map((method: { readonly Name: string }) => method.Name).sort();
    assert.deepEqual(
      names.filter((name: string) => name.startsWith('agent_')),
      ['agent_session_revoke', 'agent_sessions', 'agent_window_open'],
    );
    assert.match(await refused(...passthru, ...revoke), /no agent session to revoke/);
    assert.match(await refused(...passthru, 'POST', 'p1', 'agent_window_open'), /lookup|waiting/);
    await run('node', 'delete', 'p1');
  });

  test('a deployment takes its config drive as JSON and as a directory', async () => {
    const { run, json } = client;
    await run('node', 'create', '--driver', 'fake-hardware', '--name', 'v1');
    await run('node', 'manage', 'v1', '--wait', '60');
    await run('node', 'provide', 'v1', '--wait', '60');
    await run(
      'node',
      'deploy',
      'v1',
      '--config-drive',
      '{"meta_data": {"hostname": "h"}}',
      '--wait',
      '60',
    );
    await run('node', 'undeploy', 'v1', '--wait', '60');
    const drive = join(directory, 'drive', 'openstack', 'latest');
    await mkdir(drive, { recursive: true });
    await writeFile(join(drive, 'meta_data.json'), '{"hostname": "h"}');
    await run('node', 'deploy', 'v1', '--config-drive', join(directory, 'drive'), '--wait', '60');

    const { instance_info: info, provision_state: state } = await json('node', 'show', 'v1');

    assert.equal(state, 'active');
    assert.ok(info.configdrive === undefined || info.configdrive === '******');
  });
});

describe('openstack baremetal without authentication', () => {
  let directory: string;
  let service: RunningService;
  before(async () => {
    directory = await makeDirectory();
    service = await startService({ directory, args: ['--auth', 'none'] });
  });
  after(async () => {
    await service.stop();
    await removeDirectory(directory);
  });

  test('the acceptance script passes', async () => {
    await acceptanceScript(clientOf({ OS_AUTH_TYPE: 'none', OS_ENDPOINT: service.url }));
  });
});
