// Machines that nobody enrolled, on the real service and the real agent: one boots the medium that is the same for all,
// becomes a node, and its BMC gets a password that nobody has ever seen. Then what is refused.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { freePorts } from './harness/free-ports.ts';
import { type Lab, type LabMachine, labUp } from './harness/lab.ts';
import { askFor, showNode, waitForState } from './harness/node.ts';
import { watchProcesses } from './harness/process-watch.ts';
import {
  BESSEMER,
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';
import { waitFor } from './harness/wait-for.ts';

const run = promisify(execFile);

const STEP_MS_MAX = 60_000;
const BMC_PORT = 8443;

let directory: string;
let lab: Lab;
let service: RunningService;
/** HOST:PORT. */
let agentPlace: string;

const machineAt = (index: number): LabMachine => {
  const machine = lab.machines[index];
  assert.ok(machine);
  return machine;
};

const start = (...settings: readonly string[]): Promise<RunningService> =>
  startService({
    directory,
    args: ['--agent-listen', agentPlace],
    settings: [
      'DEFAULT.log_level=trace',
      'auto_discovery.enabled=true',
      'auto_discovery.allowed_networks=127.77.0.0/16',
      'auto_discovery.bmc_networks=127.77.0.0/16',
      `auto_discovery.driver_info=ipmi_port=${BMC_PORT}`,
      'auto_discovery.nodes_per_hour=3',
      ...settings,
    ],
  });

before(async () => {
  directory = await makeDirectory();
  lab = await labUp(
    '--kind',
    'simulated',
    '--bmc',
    'ipmi',
    '--machines',
    '4',
    '--disk',
    'virtio:16M',
  );
  [agentPlace = ''] = await freePorts(1);
  service = await start();
  const { deploy_iso: base } = machineAt(0);
  const place = ['--data', join(directory, 'data'), '--url', `https://${agentPlace}`];
  const files = ['--base', base ?? '', '--out', join(directory, 'medium')];
  await run(BESSEMER, ['discovery', 'medium', ...place, ...files]);
});

after(async () => {
  await service?.stop();
  await lab?.down();
  await removeDirectory(directory);
});

const startFromMedium = async ({ name }: LabMachine): Promise<void> => {
  await lab.command('medium', name, join(directory, 'medium/discovery.iso'));
  await lab.command('power', name, 'on');
};

type ListedNode = { readonly uuid: string; readonly provision_state: string };

const nodeOf = async ({ mac }: LabMachine): Promise<string | undefined> => {
  const { body } = await service.call('GET', `/v1/ports/detail?address=${mac}`);
  const { ports } = body as { readonly ports: readonly { readonly node_uuid: string }[] };
  return ports[0]?.node_uuid;
};

/** Waits until the machine is a node. */
const discovered = async (machine: LabMachine): Promise<string> => {
  const uuid = await waitFor(
    () => nodeOf(machine),
    (found) => found !== undefined,
    STEP_MS_MAX,
  );
  assert.ok(uuid);
  return uuid;
};

const listNodes = async (): Promise<readonly ListedNode[]> =>
  ((await service.call('GET', '/v1/nodes')).body as { readonly nodes: readonly ListedNode[] })
    .nodes;

type Status = {
  readonly state: string;
  readonly last_result: { readonly outcome: string } | null;
};

const credentialStatus = async (uuid: string): Promise<Status> =>
  (await service.call('GET', `/v1/nodes/${uuid}/vendor_passthru/bmc_credential_status`))
    .body as Status;

/** Whether the BMC lets somebody in over its network. */
const isLetIn = async (
  machine: LabMachine,
  username: string,
  password: string,
): Promise<boolean> => {
  const file = join(directory, 'tried-password');
  await writeFile(file, password, { mode: 0o600 });
  const host = machine.driver_info['ipmi_address'] ?? '';
  const place = ['-H', host, '-p', String(BMC_PORT), '-U', username, '-f', file];
  const words = ['-I', 'lanplus', '-C', '17', '-R', '1', '-N', '1', ...place, 'chassis', 'status'];
  return run('ipmitool', words).then(
    () => true,
    () => false,
  );
};

type BmcUser = { readonly name: string; readonly password: string; readonly isEnabled: boolean };

/** What the BMC itself holds. */
const usersOf = async ({ name }: LabMachine): Promise<readonly BmcUser[]> => {
  const path = join(lab.directory, 'machines', name, 'ipmi-users.json');
  const users = JSON.parse(await readFile(path, 'utf8')) as readonly BmcUser[];
  return users.map((user) => ({
    ...user,
    password: Buffer.from(user.password, 'base64').toString('latin1').replaceAll('\0', ''),
  }));
};

const isPowered = async ({ name }: LabMachine): Promise<string> =>
  (await lab.command('power', name)).trim();

type Posted = { readonly status: number; readonly text: string };

/** An inventory as any host on the machines' network can send one. */
const postInventory = (source: string, inventory: object): Promise<Posted> =>
  new Promise((resolve, reject) => {
    const ca = readFileSync(join(directory, 'data/ca/ca.crt'));
    const headers = { 'content-type': 'application/json' };
    const where = { ca, headers, localAddress: source };
    request(
      `https://${agentPlace}/v1/continue_inspection`,
      { ...where, method: 'POST' },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    )
      .on('error', reject)
      .end(JSON.stringify({ inventory }));
  });

const inventoryOf = (mac: string, bmcAddress: string | null) => ({
  interfaces: [{ name: 'eth0', mac_address: mac, ipv4_address: null, has_carrier: true }],
  cpu: { model_name: 'x', frequency: '0', count: 2, architecture: 'x86_64', flags: [] },
  disks: [],
  memory: { total: 1, physical_mb: 1024 },
  bmc_address: bmcAddress,
  bmc_v6address: null,
  system_vendor: { product_name: 'x', serial_number: 'x', manufacturer: 'x' },
  boot: { current_boot_mode: 'uefi', pxe_interface: null },
  hostname: 'x',
});

test('an unknown machine becomes a node, and only the service can log in at its BMC', async () => {
  const machine = machineAt(0);
  const { ipmi_username: factory = '', ipmi_password: factoryPassword = '' } = machine.driver_info;
  assert.equal(await isLetIn(machine, factory, factoryPassword), true);
  const watch = watchProcesses();

  await startFromMedium(machine);
  const uuid = await discovered(machine);
  await waitFor(
    () => credentialStatus(uuid),
    ({ state, last_result: last }) => state === 'managed' && last !== null,
    STEP_MS_MAX,
  );
  await waitFor(
    () => isPowered(machine),
    (power) => power === 'off',
    STEP_MS_MAX,
  );
  const seen = await watch.end();

  const node = await showNode(service, uuid);
  assert.equal(node.provision_state, 'enroll');
  assert.equal(node.last_error, null);
  assert.equal(await isLetIn(machine, factory, factoryPassword), false);
  const users = await usersOf(machine);
  const enabled = users.filter(({ isEnabled }) => isEnabled);
  assert.deepEqual(enabled.map(({ name }) => name).toSorted(), ['bsmr-a', 'bsmr-b']);
  for (const { name, password } of enabled) {
    assert.equal(await isLetIn(machine, name, password), true, name);
  }

  // Nobody else could have seen them.
  const history = await service.call('GET', `/v1/nodes/${uuid}/history?detail=True`);
  const shown = await service.call('GET', `/v1/nodes/${uuid}`);
  const places = [
    ...seen,
    history.text,
    shown.text,
    await readFile(service.logPath, 'utf8'),
    await readFile(machine.serial_log, 'utf8'),
    (await readFile(join(directory, 'data/bessemer.sqlite'))).toString('latin1'),
    await readFile(join(directory, 'medium/discovery.iso'), 'latin1'),
  ];
  for (const { password } of enabled) {
    assert.equal(password.length >= 16, true);
    assert.equal(places.filter((text) => text.includes(password)).length, 0);
  }
});

test('the discovered node is taken on with the password that it was given', async () => {
  const uuid = await nodeOf(machineAt(0));
  assert.ok(uuid);

  await askFor(service, uuid, 'manage');
  const node = await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);

  assert.equal(node.power_state, 'power off');
  assert.equal(node.properties['cpu_arch'], 'x86_64');
});

test('T-18: a machine that claims the BMC of a node is refused, and nothing is tried there', async () => {
  const before = await listNodes();
  const claimed = machineAt(0).driver_info['ipmi_address'] ?? '';

  const answer = await postInventory('127.77.255.9', inventoryOf('52:54:00:0b:ad:01', claimed));

  assert.equal(answer.status, 409, answer.text);
  assert.equal((await listNodes()).length, before.length);
});

test('an unknown machine elsewhere is answered as if nothing were discovered', async () => {
  const answer = await postInventory('127.78.0.9', inventoryOf('52:54:00:0b:ad:02', null));

  assert.equal(answer.status, 404);
});

test('an inventory that is none makes no node', async () => {
  const { disks: _none, ...rest } = inventoryOf('52:54:00:0b:ad:03', null);
  const answer = await postInventory('127.77.255.9', rest);

  assert.equal(answer.status, 400);
});

test('who posts an inventory and proves no key gets no token, and the node stays without a login', async () => {
  const machine = machineAt(1);
  const bmc = machine.driver_info['ipmi_address'] ?? '';

  const answer = await postInventory('127.77.255.9', inventoryOf('52:54:00:0b:ad:04', bmc));
  const { uuid } = JSON.parse(answer.text) as { readonly uuid: string };
  const lookup = await new Promise<number>((resolve, reject) => {
    const ca = readFileSync(join(directory, 'data/ca/ca.crt'));
    const path = `/v1/lookup?addresses=52:54:00:0b:ad:04&node_uuid=${uuid}`;
    const headers = { 'x-openstack-ironic-api-version': '1.68' };
    const where = { ca, headers, localAddress: '127.77.255.9' };
    request(`https://${agentPlace}${path}`, where, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });

  assert.equal(answer.status, 202);
  assert.deepEqual(Object.keys(JSON.parse(answer.text) as object), ['uuid']);
  assert.equal(lookup, 404);
  const users = await readFile(machine.serial_log, 'utf8').catch(() => '');
  assert.equal(users, '', 'the real machine was not touched');
});

test('a service that is killed when the password is about to be set goes on with it', async () => {
  const machine = machineAt(2);
  const isStored = async (): Promise<boolean> => {
    const text = await readFile(service.logPath, 'utf8');
    return text.split('"event":"bmc.rotation.stored"').length > storedBefore.length;
  };
  const storedBefore = (await readFile(service.logPath, 'utf8')).split(
    '"event":"bmc.rotation.stored"',
  );

  await startFromMedium(machine);
  await waitFor(isStored, Boolean, STEP_MS_MAX);
  await service.kill();
  service = await start();
  await waitFor(
    () => isPowered(machine),
    (power) => power === 'off',
    STEP_MS_MAX,
  );

  const uuid = await nodeOf(machine);
  assert.ok(uuid);
  assert.equal((await credentialStatus(uuid)).state, 'managed');
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  const { ipmi_username: factory = '', ipmi_password: password = '' } = machine.driver_info;
  assert.equal(await isLetIn(machine, factory, password), false);
});

test('T-19: past the quota of the hour machines are answered 429', async () => {
  const answer = await postInventory('127.77.255.9', inventoryOf('52:54:00:0b:ad:05', null));

  assert.equal(answer.status, 429);
  assert.equal((await listNodes()).length, 3);
});

test('an agent that is trusted too little is told no password, and its BMC is as it was', async () => {
  const machine = machineAt(3);
  await service.stop();
  service = await start(
    'bmc_credentials.require_agent_trust=3',
    'auto_discovery.nodes_per_hour=10',
  );

  await startFromMedium(machine);
  const uuid = await discovered(machine);
  const { last_error: reason } = await waitFor(
    () => showNode(service, uuid),
    (node) => node.last_error !== null,
    STEP_MS_MAX,
  );

  assert.match(reason ?? '', /BMC-CRED-103 .*trust too low: the agent has level 2/);
  const { ipmi_username: factory = '', ipmi_password: password = '' } = machine.driver_info;
  assert.equal(await isLetIn(machine, factory, password), true);
  assert.equal((await credentialStatus(uuid)).state, 'unmanaged');
});
