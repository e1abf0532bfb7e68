// The agent as a process that ends without being asked to: the next one has nothing to go on with.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import {
  AGENT_CA_PATH,
  AGENT_CERT_PATH,
  AGENT_CONFIG_PATH,
  AGENT_KEY_PATH,
} from '@bessemer/protocol/media/reserved-region';
import { renderAgentConfig } from '@bessemer/protocol/media/agent-config';
import { type LookupService, NODE_UUID, startLookupService } from './lookup-service.ts';
import { numberOfHeartbeat, sealTokenTo, SESSION } from './service-half.ts';
import { exchange, MAC } from './simulated-agent.ts';
import { makeTestAuthority, type TestAuthority } from './test-authority.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const TOKEN = 'T'.repeat(43);

let authority: TestAuthority;
let service: LookupService;
let directory: string;
let running: ChildProcess | undefined;

before(async () => {
  authority = await makeTestAuthority('authority of this test');
});
beforeEach(async () => {
  service = await startLookupService(authority);
  directory = await mkdtemp(join(tmpdir(), 'bessemer-restart-'));
  const machine = {
    system: { uuid: 'u', serial: 'S', manufacturer: 'Bessemer', product: 'Simulated' },
    bootMode: 'uefi',
    cpu: { count: 1, architecture: 'x86_64' },
    memoryMiB: 512,
    nics: [{ name: 'sim-nic0', mac: MAC, ipv4: '127.0.0.1' }],
    disks: [],
    listen: { host: '127.0.0.1', port: 0 },
    bmcAddress: null,
  };
  await writeFile(join(directory, 'machine.json'), JSON.stringify(machine));
});
afterEach(async () => {
  await kill();
  service.close();
  await rm(directory, { recursive: true });
});
after(() => service.close());

const inRoot = (path: string): string => join(directory, 'root', path);

const place = async (path: string, content: string): Promise<void> => {
  await mkdir(dirname(inRoot(path)), { recursive: true });
  await writeFile(inRoot(path), content);
};

/** Resolves with the first line of the agent's log that matches. */
const startUntil = async (pattern: RegExp): Promise<string> => {
  running = spawn(process.execPath, [MAIN, '--simulated', directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.ok(running.stdout);
  for await (const line of createInterface(running.stdout)) {
    if (pattern.test(line)) return line;
  }
  throw new Error('the agent ended');
};

const kill = async (): Promise<void> => {
  if (running?.exitCode !== null || running.signalCode !== null) return;
  const ended = once(running, 'exit');
  running.kill('SIGKILL');
  await ended;
  running = undefined;
};

const medium = async (token: string | null): Promise<void> => {
  await place(
    AGENT_CONFIG_PATH,
    renderAgentConfig({
      apiUrl: service.url,
      token,
      conductorCa: false,
      requireSignatures: token !== null,
      isDebug: false,
      nodeUuid: NODE_UUID,
      session: SESSION,
      bootNumber: 1,
      serviceTimeMs: 0,
    }),
  );
  await place(AGENT_CA_PATH, authority.certificatePem);
  if (token === null) return;
  const identity = await authority.issue('agent', 'server', '127.0.0.1');
  await place(AGENT_CERT_PATH, identity.certificatePem);
  await place(AGENT_KEY_PATH, identity.keyPem);
};

const own = (more: object = {}) => ({
  agent_token: '******',
  bessemer: {
    session: SESSION,
    boot_number: 1,
    trust: { signatures: true, client_certificate: false },
    ...more,
  },
});

test('T-13: an agent of a network boot that is killed gets the mask the next time and locks down', async () => {
  service.config = ({ headers }) =>
    service.lookups().length === 1
      ? own({
          sealed_token: { ...sealTokenTo(String(headers['x-bessemer-agent-seal-key']), TOKEN) },
        })
      : own();
  await medium(null);
  await startUntil(/known as/);
  const [beat] = await service.heartbeats(1);
  await kill();
  // As if it were started from the same boot files once more.
  await medium(null);

  await startUntil(/locked down/);

  assert.ok(beat !== undefined && numberOfHeartbeat(TOKEN, beat) !== undefined);
  assert.equal((await service.heartbeats(1)).length, 1);
});

test('T-13: an agent of a medium deletes what it read, so that after a kill it takes no command', async () => {
  service.config = () => own();
  await medium(TOKEN);
  await startUntil(/known as/);
  await service.heartbeats(1);
  for (const path of [AGENT_CONFIG_PATH, AGENT_CERT_PATH, AGENT_KEY_PATH, AGENT_CA_PATH]) {
    await assert.rejects(access(inRoot(path)), { code: 'ENOENT' });
  }
  await kill();
  const calls = service.seen.length;

  const line = await startUntil(/known as/);

  const url = /known as (\S+)/.exec(line)?.[1] ?? '';
  const answer = await exchange(`${url}/v1/commands/?agent_token=${TOKEN}`, 'GET', undefined, {});
  assert.equal(answer.status, 401);
  assert.equal(service.seen.length, calls);
});
