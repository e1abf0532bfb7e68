// The commands about the BMC over the agent's real HTTPS interface, with Debian's ipmi_sim as the BMC.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { BmcUserList } from '@bessemer/protocol/agent/bmc-commands';
import type { CommandResult } from '@bessemer/protocol/agent/command';
import type { JsonObject } from '@bessemer/protocol/json';
import { type IpmiBench, startIpmiBench } from './ipmi-bench.ts';
import { SESSION, signCommand } from './service-half.ts';
import { type Answer, exchange, startTestAgent, type TestAgent, TOKEN } from './simulated-agent.ts';
import { type Identity, makeTestAuthority } from './test-authority.ts';

const PATH = '/v1/commands/';
const CANARY = 'Kq7-canary-Wz4Tb';

let bench: IpmiBench;
let conductor: Identity;
let agent: TestAgent;
let lax: TestAgent;
let withoutBmc: TestAgent;
let number = 0;

before(async () => {
  bench = await startIpmiBench();
  const authority = await makeTestAuthority('authority of this test');
  conductor = await authority.issue('conductor', 'client');
  const boot = {
    isOwnService: true,
    session: SESSION,
    authorityPem: authority.certificatePem,
    tls: await authority.issue('agent', 'server', '127.0.0.1'),
    requiresSignatures: true,
  };
  const strict = { ...boot, requiresConductorCertificate: true };
  agent = await startTestAgent({ bmcInside: bench.inside, configuration: strict });
  withoutBmc = await startTestAgent({ configuration: strict });
  lax = await startTestAgent({ bmcInside: bench.inside, configuration: boot });
});
after(async () => {
  await Promise.all([agent, lax, withoutBmc].map((one) => one.close()));
  await bench.close();
});

const send = (to: TestAgent, name: string, params: JsonObject): Promise<Answer> => {
  const body = JSON.stringify({ name, params });
  number += 1;
  const identity = { cert: conductor.certificatePem, key: conductor.keyPem };
  const url = `${to.callbackUrl}${PATH}?wait=true&agent_token=${TOKEN}`;
  return exchange(url, 'POST', body, signCommand(TOKEN, `7.${number}`, body), identity);
};

const run = async (name: string, params: JsonObject): Promise<CommandResult> => {
  const { status, body } = await send(agent, name, params);
  assert.equal(status, 200, JSON.stringify(body));
  return body as CommandResult;
};

const wish = { username: 'bsmr-a', password: CANARY, privilege: 'administrator' };

test('an account that is set by command can log in over the network, and is listed', async () => {
  const set = await run('bmc.set_user', wish);
  const listed = await run('bmc.list_users', {});

  const { user } = set.command_result as { readonly user: JsonObject };
  assert.equal(user['username'], 'bsmr-a');
  assert.equal(user['privilege'], 'administrator');
  assert.equal(await bench.isLogin('bsmr-a', CANARY), true);
  const { channels } = listed.command_result as unknown as {
    readonly channels: readonly BmcUserList[];
  };
  const names = channels[0]?.users.map((one) => one.username) ?? [];
  assert.ok(names.includes('admin') && names.includes('bsmr-a'));
});

test('what the BMC is, is told', async () => {
  const { command_result: info } = await run('bmc.get_info', {});

  assert.equal((info as JsonObject)['ipmi_version'], '2.0');
  assert.equal((info as JsonObject)['redfish_host_interface'], null);
});

test('an account is disabled, the anonymous one too', async () => {
  const { command_result: first } = await run('bmc.disable_user', { user_id: 1 });
  const { command_result: second } = await run('bmc.disable_user', { user_id: 2 });

  assert.equal((first as { readonly user: JsonObject }).user['privilege'], 'none');
  assert.equal((second as { readonly user: JsonObject }).user['privilege'], 'none');
});

test('a machine without a network to a Redfish service says so', async () => {
  const { command_result: told } = await run('bmc.redfish_bootstrap', wish);

  assert.equal((told as JsonObject)['supported'], false);
  assert.match(JSON.stringify(told), /SMBIOS/);
});

test('where nobody has to prove to be the conductor no command about the BMC is taken', async () => {
  for (const name of ['bmc.get_info', 'bmc.list_users', 'bmc.set_user', 'bmc.disable_user']) {
    const { status, body } = await send(lax, name, { ...wish, user_id: 2 });

    assert.equal(status, 400);
    assert.match(JSON.stringify(body), /trust too low/);
  }
});

for (const [what, params] of [
  ['a name that is too long', { ...wish, username: 'a-name-of-17-byte' }],
  ['a password that is too long', { ...wish, password: `${CANARY}${CANARY}` }],
  ['a password that is no text', { ...wish, password: 16 }],
  ['a privilege that there is not', { ...wish, privilege: 'root' }],
  ['the anonymous user', { ...wish, slot_user_id: 1 }],
  ['a channel that there cannot be', { ...wish, channel: 15 }],
] as const) {
  test(`${what} is refused, and the refusal has nothing of the password`, async () => {
    const { status, body } = await send(agent, 'bmc.set_user', params);

    assert.equal(status, 400);
    assert.doesNotMatch(JSON.stringify(body), /canary/);
  });
}

test('a machine without a BMC says so, without the password', async () => {
  const { status, body } = await send(withoutBmc, 'bmc.set_user', wish);

  assert.equal(status, 200);
  assert.equal((body as CommandResult).command_status, 'FAILED');
  assert.match((body as CommandResult).command_error?.details ?? '', /no way to a BMC/);
  assert.doesNotMatch(JSON.stringify(body), /canary/);
});

test('no list of commands and no line of the log has the password', async () => {
  await run('bmc.set_user', wish);
  const identity = { cert: conductor.certificatePem, key: conductor.keyPem };
  const url = `${agent.callbackUrl}${PATH}?agent_token=${TOKEN}`;
  const { body } = await exchange(url, 'GET', undefined, {}, identity);
  const logs = await run('log.collect_system_logs', {});

  assert.ok((body as { readonly commands: readonly unknown[] }).commands.length > 0);
  assert.doesNotMatch(JSON.stringify(body), /canary/);
  assert.doesNotMatch(agent.lines().join('\n'), /canary/);
  assert.ok(agent.lines().some((line) => line.includes('user 3 (bsmr-a) was set')));
  const { system_logs: archive } = logs.command_result as { readonly system_logs: string };
  const text = gunzipSync(Buffer.from(archive, 'base64')).toString('latin1');
  assert.match(text, /was set/);
  assert.doesNotMatch(text, /canary/);
});
