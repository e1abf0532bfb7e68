// The answer with the token gets lost on the wire, as seen by a real agent and its machine: somebody else at the
// machine's own address has it. The agent locks the machine down, and the service starts it once more.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { TOKEN_MASK } from '../packages/protocol/src/agent/token.ts';
import {
  cacheDirectory,
  LIGHT_RAMDISK_INITRAMFS,
  LIGHT_RAMDISK_KERNEL,
} from '../packages/protocol/src/paths.ts';
import { freePorts } from './harness/free-ports.ts';
import { type Lab, labUp, type LabMachine } from './harness/lab.ts';
import { askFor, makeNode, showNode, waitForState } from './harness/node.ts';
import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';

const STEP_MS_MAX = 90_000;
const ASK_EACH_MS = 20;
const VERSION = { 'x-openstack-ironic-api-version': '1.68' };

let directory: string;
let service: RunningService;
let lab: Lab;
let uuid: string;
let agentListener: string;

before(async () => {
  directory = await makeDirectory();
  const [netboot = '', listener = ''] = await freePorts(2);
  agentListener = listener;
  lab = await labUp('--kind', 'simulated', '--netboot-url', `http://${netboot}`);
  const cache = cacheDirectory(process.env);
  service = await startService({
    directory,
    args: ['--agent-listen', agentListener],
    settings: [
      `netboot.http_listen=${netboot}`,
      `deploy.deploy_kernel=${join(cache, LIGHT_RAMDISK_KERNEL)}`,
      `deploy.deploy_ramdisk=${join(cache, LIGHT_RAMDISK_INITRAMFS)}`,
      'agent.settle=1',
      'agent.grant_retry=10',
      // The thief below asks more often than any agent.
      'agent.rate_limits=false',
    ],
  });
});

after(async () => {
  await service?.stop();
  await lab?.down();
  await removeDirectory(directory);
});

type Said = { readonly status: number; readonly text: string };

/** To the agent listener, from the machine's own address. */
const say = (from: LabMachine, method: string, path: string, body?: object): Promise<Said> =>
  new Promise((resolve, reject) => {
    const ca = readFileSync(join(directory, 'data', 'ca', 'ca.crt'));
    const headers = { ...VERSION, 'content-type': 'application/json' };
    const where = { localAddress: from.address, ca, method, headers, agent: false } as const;
    request(`https://${agentListener}${path}`, where, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    })
      .on('error', reject)
      .end(body === undefined ? undefined : JSON.stringify(body));
  });

/** Asks until the window is open, which is before the machine has power. */
const steal = async (machine: LabMachine): Promise<string> => {
  const path = `/v1/lookup?addresses=${encodeURIComponent(machine.mac)}`;
  const endMs = Date.now() + STEP_MS_MAX;
  while (Date.now() < endMs) {
    const { status, text } = await say(machine, 'GET', path);
    if (status === 200) {
      const { config } = JSON.parse(text) as { readonly config: { readonly agent_token: string } };
      assert.notEqual(config.agent_token, TOKEN_MASK);
      return config.agent_token;
    }
    await pause(ASK_EACH_MS);
  }
  throw new Error('the window never opened');
};

test('a machine whose token was lost is started once more, and does its work', async () => {
  const [machine] = lab.machines;
  assert.ok(machine);
  uuid = await makeNode(service, machine, { boot_interface: 'ipxe' });
  await askFor(service, uuid, 'manage');
  await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);
  await askFor(service, uuid, 'inspect');

  const stolen = await steal(machine);
  const node = await waitForState(service, uuid, ['manageable'], STEP_MS_MAX);

  assert.equal(node.last_error, null);
  assert.match(readFileSync(machine.serial_log, 'utf8'), /given to somebody else/);
  const heartbeat = {
    callback_url: `https://${machine.address}:9999`,
    agent_version: '11.9.0',
    agent_token: stolen,
  };
  assert.equal((await say(machine, 'POST', `/v1/heartbeat/${uuid}`, heartbeat)).status, 400);
});

test('the audit log tells of both boots, and of the late use of the lost token', async () => {
  const answer = await service.call('GET', `/bessemer/nodes/${uuid}/audit`);
  const { audit } = answer.body as { readonly audit: readonly { readonly event: string }[] };
  const count = (name: string): number => audit.filter(({ event }) => event === name).length;

  assert.equal(count('agent.session.opened'), 2);
  assert.equal(count('agent.lookup.granted'), 2);
  assert.equal(count('agent.grant.retry'), 1);
  assert.equal(count('agent.bound'), 1);
  assert.ok(count('agent.lookup.repeat') >= 1);
  assert.ok(count('agent.token.stale_use') >= 1);
});

test('a session can be taken away from a working agent with the plain method', async () => {
  await askFor(service, uuid, 'inspect');
  const path = `/v1/nodes/${uuid}/vendor_passthru/agent_session_revoke`;
  const endMs = Date.now() + STEP_MS_MAX;
  let status = 0;
  while (status !== 200 && Date.now() < endMs) {
    ({ status } = await service.call('POST', path, { reason: 'drill' }));
    if (status !== 200) await pause(ASK_EACH_MS);
  }

  await waitForState(service, uuid, ['inspect failed'], STEP_MS_MAX);

  const { last_error: lastError, power_state: power } = await showNode(service, uuid);
  assert.match(lastError ?? '', /taken away \(drill\)/);
  assert.equal(power, 'power off');
});
