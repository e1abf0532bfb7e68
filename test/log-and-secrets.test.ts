// A whole life of a node that has a password, with clients who put control characters where they can, on a service
// that logs everything: what is in its log, its files, its answers, its arguments and environment afterwards.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import {
  makeDirectory,
  removeDirectory,
  type RunningService,
  startService,
} from './harness/service.ts';
import { waitFor } from './harness/wait-for.ts';

const PASSWORD = 'CANARY-of-the-BMC';
const RESCUE_PASSWORD = 'CANARY-of-the-rescue';
/** Instance data is masked, and kept as it was given: the next deployment needs it as it is. */
const PULL_SECRET = 'CANARY-of-the-registry';
const LIFE_MS_MAX = 30_000;
const ESCAPE = String.fromCharCode(27);

let service: RunningService;
let answers = '';
before(async () => {
  service = await startService({
    directory: await makeDirectory(),
    settings: ['DEFAULT.log_level=debug'],
  });
  await live();
  await shout();
  await service.stop();
});
after(async () => {
  await service?.stop();
  if (service !== undefined) await removeDirectory(service.directory);
});

const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
  const answer = await service.call(method, path, body);
  answers += answer.text;
  return answer.body;
};

const stateOf = async (): Promise<string> => {
  const node = (await call('GET', '/v1/nodes/n1')) as { readonly provision_state: string };
  return node.provision_state;
};

const ask = async (target: string, wanted: string, more: object = {}): Promise<void> => {
  await call('PUT', '/v1/nodes/n1/states/provision', { target, ...more });
  await waitFor(stateOf, (state) => state === wanted, LIFE_MS_MAX);
};

/** From enrolment to deletion, with refusals of every kind on the way. */
const live = async (): Promise<void> => {
  await call('POST', '/v1/nodes', {
    driver: 'fake-hardware',
    name: 'n1',
    driver_info: { fake_password: PASSWORD, nested: [{ snmp_token: PASSWORD }] },
    instance_info: { image_pull_secret: PULL_SECRET },
  });
  await call('POST', '/v1/nodes', { driver: 'fake-hardware', driver_info: PASSWORD });
  await call('PATCH', '/v1/nodes/n1', [
    { op: 'replace', path: '/driver_info/nope_password', value: PASSWORD },
  ]);
  await call('PATCH', '/v1/nodes/n1', [
    { op: 'add', path: '/driver_info/fake_password', value: `${PASSWORD}2` },
  ]);
  await call('GET', '/v1/nodes/n1/validate');
  await ask('manage', 'manageable');
  await ask('inspect', 'manageable');
  await ask('provide', 'available');
  await call('PATCH', '/v1/nodes/n1', [
    { op: 'add', path: '/instance_info', value: { image_pull_secret: PULL_SECRET } },
  ]);
  await ask('active', 'active');
  await ask('rescue', 'rescue', { rescue_password: RESCUE_PASSWORD });
  for (const path of ['', '/states', '/history?detail=true', '/history']) {
    await call('GET', `/v1/nodes/n1${path}`);
  }
  await call('GET', '/v1/nodes/detail');
  await call('GET', '/bessemer/nodes/n1/journal');
  await call('GET', '/bessemer/nodes/n1/why');
};

/** Texts that would be lines of their own, colours, or JSON, if they got into the log as they are. */
const shout = async (): Promise<void> => {
  const forged = '{"level":"fatal","msg":"FORGED"}';
  await call('GET', `/v1/nodes/${encodeURIComponent(`x\n${forged}\n`)}`);
  await call('GET', `/v1/nodes/${encodeURIComponent(`${ESCAPE}[31mred`)}`);
  await call('GET', `/v1/nodes?owner=${encodeURIComponent(`\r\n${forged}`)}`);
  await call('PUT', '/v1/nodes/n1/maintenance', { reason: `\n${forged}\n${ESCAPE}[2J` });
  await service.heartbeat('n1', { callback_url: `https://x\n${forged}`, agent_token: forged });
  await new Promise<void>((resolve, reject) => {
    const headers = { authorization: `Basic ${Buffer.from(`a\n${forged}:b`).toString('base64')}` };
    request(new URL('/v1/nodes', service.url), { headers }, (response) => {
      response.resume();
      response.on('end', () => resolve());
    })
      .on('error', reject)
      .end();
  });
};

const logText = (): string => readFileSync(service.logPath, 'utf8');

const filesBelow = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

test('T-61: each line of the log is one JSON object of ours, and no control character is in any', () => {
  const lines = logText().trimEnd().split('\n');

  assert.ok(lines.length > 30, 'the log says what happened');
  for (const line of lines) {
    const entry = JSON.parse(line) as { readonly msg?: unknown };
    assert.notEqual(entry.msg, 'FORGED');
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    assert.doesNotMatch(line, /[\u0000-\u001f\u007f]/);
  }
});

test('T-62: no secret is in the log at its most talkative, nor in any answer', () => {
  assert.doesNotMatch(logText(), /CANARY/);
  assert.doesNotMatch(answers, /CANARY/);
});

test('T-62: no secret is in clear in any file of the service', () => {
  const found = filesBelow(join(service.directory, 'data')).filter((path) =>
    /CANARY-of-the-(?:BMC|rescue)/.test(readFileSync(path, 'latin1')),
  );

  assert.deepEqual(
    found.map((path) => path.slice(service.directory.length)),
    [],
  );
});
