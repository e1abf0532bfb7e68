// Debian's own `openstack baremetal` as people use it: the script that the reference service passes, and how commands
// end as processes. (What each sub-command does: cli-commands.test.ts.)

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { type CliWorld, columnOf, makeCliWorld, sorted } from './clients/cli-world.ts';
import { type ServiceInMode, startInMode } from './clients/modes.ts';
import { type OpenstackHost, startOpenstackHost } from './clients/openstack-host.ts';
import { accountEnvironment, manageAccounts } from './harness/accounts.ts';
import { openstack, runProgram } from './harness/openstack.ts';

type Side = { readonly inMode: ServiceInMode; readonly host: OpenstackHost };

const start = async (mode: 'none' | 'basic'): Promise<Side> => {
  const inMode = await startInMode(mode);
  try {
    return { inMode, host: await startOpenstackHost() };
  } catch (error) {
    // What is left running would keep this process, and what went wrong, from being seen.
    await inMode.stop();
    throw error;
  }
};

const stop = async (side: Side | undefined): Promise<void> => {
  await side?.host.stop();
  await side?.inMode.stop();
};

const acceptanceScript = async ({ run, json }: CliWorld): Promise<void> => {
  const stateOf = async (): Promise<string> =>
    (await json('node', 'show', 'c1', '--fields', 'provision_state')).provision_state;

  const created = await json('node', 'create', '--driver', 'fake-hardware', '--name', 'c1');
  assert.equal(created.provision_state, 'enroll');
  assert.deepEqual(columnOf(await json('node', 'list'), 'Name'), ['c1']);
  assert.equal((await json('node', 'show', 'c1')).uuid, created.uuid);
  await run('node', 'manage', 'c1', '--wait', '60');
  assert.equal(await stateOf(), 'manageable');
  await run('node', 'provide', 'c1', '--wait', '60');
  assert.equal(await stateOf(), 'available');
  await run('node', 'deploy', 'c1', '--wait', '60');
  assert.equal(await stateOf(), 'active');
  await run('node', 'undeploy', 'c1', '--wait', '60');
  assert.equal(await stateOf(), 'available');
  const drivers = columnOf(await json('driver', 'list'), 'Supported driver(s)');
  assert.ok(drivers.includes('fake-hardware'));
  assert.deepEqual(columnOf(await json('conductor', 'list'), 'Alive'), [true]);
  const old = await json('--os-baremetal-api-version', '1.50', 'node', 'list');
  assert.deepEqual(columnOf(old, 'Provisioning State'), ['available']);
  await run('node', 'delete', 'c1');
  assert.deepEqual(await json('node', 'list'), []);
};

describe('the acceptance script passes', { concurrency: true }, () => {
  for (const mode of ['none', 'basic'] as const) {
    test(`authentication ${mode}`, async (t) => {
      const side = await start(mode);
      t.after(() => stop(side));

      await acceptanceScript(makeCliWorld(side.host, side.inMode));
    });
  }
});

describe('openstack baremetal with the default account', () => {
  let side: Side;
  let client: CliWorld;
  before(async () => {
    side = await start('basic');
    client = makeCliWorld(side.host, side.inMode);
  });
  after(() => stop(side));

  test('a wrong password is told as such', async () => {
    const stranger = {
      ...accountEnvironment(side.inMode.service.url, 'admin'),
      OS_PASSWORD: 'wrong',
    };

    const { code, stderr } = await side.host.run(stranger, ['baremetal', 'node', 'list']);

    assert.equal(code, 1);
    assert.match(stderr, /401|Incorrect username or password/);
  });

  test('a state that does not allow the verb is told at once, with its name', async () => {
    const node = await client.makeNode('manageable');

    const said = await client.refused('node', 'deploy', node.name);
    assert.match(said, /can not be performed on node/);
  });

  test('sessions of agents are seen and revoked by the methods of a node', async () => {
    const { run, refused, json, makeNode } = client;
    const { name } = await makeNode();
    const passthru = ['node', 'passthru', 'call', '--http-method'] as const;

    const methods = columnOf(await json('node', 'passthru', 'list', name), 'Name');
    await run(...passthru, 'GET', name, 'agent_sessions');
    const revoke = ['POST', name, 'agent_session_revoke', '--arg', 'reason=lost'] as const;

    assert.deepEqual(sorted(methods.filter((method) => String(method).startsWith('agent_'))), [
      'agent_session_revoke',
      'agent_sessions',
      'agent_window_open',
    ]);
    assert.match(await refused(...passthru, ...revoke), /no agent session to revoke/);
    assert.match(await refused(...passthru, 'POST', name, 'agent_window_open'), /lookup|waiting/);
  });

  test('a process ends with 0, 2 for a wrong command line, 1 for what is refused', async () => {
    const { service, environment } = side.inMode;
    const node = await client.makeNode();
    await manageAccounts(service.directory, 'add', 'rita', '--role', 'reader', '--system');
    const rita = accountEnvironment(service.url, 'rita');
    const show = ['node', 'show', '-f', 'json'] as const;

    // Without `openstack` in front it is another program of the same client.
    const [good, misspelt, unknown, forbidden] = await Promise.all([
      runProgram('baremetal', environment, [...show, node.name]),
      openstack(environment, ['baremetal', ...show, '--no-such-option']),
      openstack(environment, ['baremetal', ...show, 'nobody']),
      openstack(rita, ['baremetal', 'node', 'delete', node.name]),
    ]);

    assert.deepEqual([good.code, JSON.parse(good.stdout).uuid], [0, node.uuid]);
    assert.equal(misspelt.code, 2);
    assert.match(misspelt.stderr, /unrecognized arguments|required/);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /nobody could not be found.*404/);
    assert.equal(forbidden.code, 1);
    assert.match(forbidden.stderr, /baremetal:node:delete.*403/);
    assert.equal((await client.read(`/v1/nodes/${node.uuid}`)).uuid, node.uuid);
  });
});
