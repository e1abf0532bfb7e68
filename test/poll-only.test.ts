// Agents that are polled: the real service and the real agent as a process; nothing of the machine ever calls the
// agent listener, which a counting proxy stands before. A machine that calls is in the same fleet.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';

import { openToken } from '../packages/service/src/trust/agent-token/grant.ts';
import { openKeyRing } from '../packages/service/src/trust/key-ring.ts';
import { makePrivateKeyPem } from '../packages/service/src/trust/certificate/authority.ts';
import { issueAuthorityCertificate } from '../packages/service/src/trust/certificate/issue-certificate.ts';
import { type FakeAgent, openFakeAgent } from '../packages/service/test/conductor/fake-agent.ts';
import { type CountingProxy, openCountingProxy } from './harness/counting-proxy.ts';
import { freePorts } from './harness/free-ports.ts';
import { makeRawImage, type TestImage } from './harness/images.ts';
import { type Lab, type LabMachine, labUp } from './harness/lab.ts';
import { askFor, makeNode, patchNode, showNode, waitForState } from './harness/node.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';
import { waitFor } from './harness/wait-for.ts';

const STEP_MS_MAX = 90_000;
const MARKER = 'left-behind-by-the-last-tenant';

let directory: string;
let service: RunningService;
let lab: Lab;
let image: TestImage;
let proxy: CountingProxy;
let ports: readonly string[];
let polled: string;

const start = async (): Promise<RunningService> =>
  startService({
    directory,
    args: [
      '--listen',
      ports[0] ?? '',
      '--agent-listen',
      ports[1] ?? '',
      '--boot-listen',
      ports[2] ?? '',
    ],
    settings: [
      'agent.poll_only=true',
      'agent.poll_interval=2',
      `agent.api_url=https://127.0.0.1:${proxy.port}`,
      `image.file_directories=${directory}`,
      `deploy.ramdisk_iso=${lab.machines[0]?.deploy_iso}`,
    ],
  });

before(async () => {
  directory = await makeDirectory();
  image = await makeRawImage(directory);
  proxy = await openCountingProxy();
  ports = await freePorts(3);
  proxy.leadTo(Number(ports[1]?.split(':')[1]));
  lab = await labUp('--kind', 'simulated', '--machines', '2', '--disk', 'virtio:256M');
  service = await start();
});

after(async () => {
  await service?.stop();
  await lab?.down();
  await proxy?.close();
  await removeDirectory(directory);
});

const machine = (index = 0): LabMachine => {
  const found = lab.machines[index];
  assert.ok(found);
  return found;
};

type SessionRow = {
  readonly id: string;
  readonly boot_no: number;
  readonly state: string;
  readonly token_sealed: string;
  readonly pending_token_hash: string | null;
  readonly trust_level: number;
};

/** As it is stored; undefined while there is none that is not closed. */
const sessionOf = (uuid: string): SessionRow | undefined => {
  const store = new DatabaseSync(join(directory, 'data/bessemer.sqlite'), { readOnly: true });
  try {
    const query = 'select * from agent_session where node_uuid = ? and closed_at_ms is null';
    const row = store.prepare(query).get(uuid);
    return row === undefined ? undefined : ({ ...row } as SessionRow);
  } finally {
    store.close();
  }
};

const sessionIn = async (uuid: string, state: string): Promise<SessionRow> => {
  const row = await waitFor(
    async () => sessionOf(uuid),
    (each) => each?.state === state,
    STEP_MS_MAX,
  );
  assert.ok(row);
  return row;
};

const tokenOf = async (uuid: string, row: SessionRow): Promise<string> => {
  const keys = await openKeyRing(join(directory, 'data/keys'));
  const identity = { nodeUuid: uuid, sessionId: row.id, bootNumber: row.boot_no };
  return openToken(keys, row.token_sealed, identity).reveal();
};

/** Asks the agent what it does, as the conductor would; the status of the answer. */
const askAgent = (address: string, token: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const own = readFileSync(join(directory, 'data/listeners/conductor.pem'), 'utf8');
    const path = `/v1/commands/?agent_token=${token}`;
    const tls = { cert: own, key: own, rejectUnauthorized: false };
    request({ host: address, port: 9_999, path, ...tls }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });

/** Has a certificate of its own, and would take any token. */
const openRogue = async (address: string): Promise<FakeAgent> => {
  const keyPem = await makePrivateKeyPem();
  const certificatePem = await issueAuthorityCertificate(keyPem, Date.now());
  return openFakeAgent({
    address,
    certificate: { certificatePem, keyPem },
    token: 'any',
    sessionId: 'any',
    startedAtMs: Date.now(),
  });
};

const eventsOf = async (uuid: string): Promise<readonly string[]> => {
  const { body } = await service.call('GET', `/bessemer/nodes/${uuid}/audit?limit=1000`);
  const { audit } = body as { readonly audit: readonly { readonly event: string }[] };
  return audit.map(({ event }) => event);
};

test('a polled machine is inspected without a call of its own', async () => {
  polled = await makeNode(service, machine());
  await askFor(service, polled, 'manage');
  await waitForState(service, polled, ['manageable'], STEP_MS_MAX);

  await askFor(service, polled, 'inspect');
  const node = await waitForState(service, polled, ['manageable'], STEP_MS_MAX);

  assert.equal(Number(node.properties['memory_mb']), 1_024);
  assert.equal(proxy.connections(), 0);
});

test('the token of its boot medium is replaced at the first contact, and dead from then on', async () => {
  await lab.command('plant-marker', machine().name, MARKER);
  await askFor(service, polled, 'provide');
  const sealed = await sessionIn(polled, 'SEALED');
  const ofMedium = await tokenOf(polled, sealed);
  const bound = await sessionIn(polled, 'BOUND');
  const now = await tokenOf(polled, bound);

  const answers = [
    await askAgent(machine().address, ofMedium),
    await askAgent(machine().address, now),
  ];

  assert.notEqual(now, ofMedium);
  assert.deepEqual(answers, [401, 200]);
  assert.equal(bound.pending_token_hash, null);
  assert.equal(bound.trust_level, 2);
});

test('a service that is killed while the machine is cleaned goes on with it', async () => {
  await service.kill();
  service = await start();
  await waitForState(service, polled, ['available'], STEP_MS_MAX);

  assert.equal(readFileSync(machine().disks[0]?.path ?? '').includes(MARKER), false);
  assert.equal(proxy.connections(), 0);
});

test('it is deployed, and given back', async () => {
  await patchNode(service, polled, {
    '/instance_info/image_source': `file://${image.path}`,
    '/instance_info/image_os_hash_algo': 'sha256',
    '/instance_info/image_os_hash_value': image.sha256,
    '/instance_info/image_disk_format': 'raw',
  });
  await askFor(service, polled, 'active', {
    configdrive: { meta_data: { hostname: 'polled-host' }, user_data: '#cloud-config\n{}\n' },
  });
  await waitForState(service, polled, ['active'], STEP_MS_MAX);
  assert.match(readFileSync(machine().serial_log, 'utf8'), /up from disk.*polled-host/);

  await askFor(service, polled, 'deleted');
  const node = await waitForState(service, polled, ['available'], STEP_MS_MAX);

  assert.equal(node.power_state, 'power off');
  assert.equal(proxy.connections(), 0);
});

test('what happened is told: the token changed, the agent bound, and nothing that went wrong', async () => {
  const events = new Set(await eventsOf(polled));

  for (const expected of ['agent.token.rotated', 'agent.bound']) {
    assert.ok(events.has(expected), `${expected} is missing in ${[...events].join(' ')}`);
  }
  assert.deepEqual(
    [...events].filter((name) => name.startsWith('agent.poll.')),
    [],
  );
});

test('T-07, T-12: somebody else at an old address of the machine gets no byte, and the work goes on', async () => {
  const rogue = await openRogue('127.99.0.7');
  try {
    await patchNode(service, polled, { '/driver_info/agent_address': rogue.address });
    await askFor(service, polled, 'manage');
    await waitForState(service, polled, ['manageable'], STEP_MS_MAX);
    await askFor(service, polled, 'inspect');
    await waitForState(service, polled, ['manageable'], STEP_MS_MAX);

    assert.equal(rogue.connections(), 1);
    assert.equal(rogue.bytes(), 0);
    assert.ok((await eventsOf(polled)).includes('agent.poll.pin_mismatch'));
  } finally {
    await rogue.close();
  }
});

test('a machine of the same fleet that may call does call', async () => {
  const calls = machine(1);
  const uuid = await makeNode(service, calls, {
    driver_info: { ...calls.driver_info, agent_poll_only: 'false' },
  });
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  await askFor(service, uuid, 'inspect');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);

  assert.ok(proxy.connections() > 0);
  assert.equal((await showNode(service, uuid)).last_error, null);
});

test('the key that agents get is one of which thousands can be asked', () => {
  const store = new DatabaseSync(join(directory, 'data/bessemer.sqlite'), { readOnly: true });
  const row = store.prepare('select certificate from agent_session limit 1').get();
  store.close();

  const { publicKey } = new X509Certificate(String(row?.['certificate']));
  assert.equal(publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
});
