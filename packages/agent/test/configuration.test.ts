import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AgentConfig, renderAgentConfig } from '@bessemer/protocol/media/agent-config';
import {
  AGENT_CA_PATH,
  AGENT_CERT_PATH,
  AGENT_CONFIG_PATH,
  AGENT_KEY_PATH,
} from '@bessemer/protocol/media/reserved-region';
import { type AgentConfiguration, readConfiguration } from '../src/configuration.ts';
import { startTestAgent } from './simulated-agent.ts';

const read = async (files: { readonly [path: string]: string }): Promise<AgentConfiguration> => {
  const root = await mkdtemp(join(tmpdir(), 'bessemer-config-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(join(root, path), text);
    }
    const configuration = await readConfiguration(root);
    return {
      ...configuration,
      sources: configuration.sources.map((path) => path.slice(root.length)),
    };
  } finally {
    await rm(root, { recursive: true });
  }
};

const CONF = 'etc/ironic-python-agent.d/bessemer.conf';

test('files beat the kernel line', async () => {
  const found = await read({
    'proc/cmdline': 'quiet ipa-api-url=http://192.0.2.1:1 ipa-lookup-timeout=5 ipa-debug\n',
    [CONF]: '[DEFAULT]\napi_url = http://192.0.2.2:2/\n',
  });

  assert.deepEqual(found.apiUrls, ['http://192.0.2.2:2']);
  assert.equal(found.lookupTimeoutMs, 5_000);
});

test('T-22: addresses found by shouting into the network are not followed', async () => {
  const found = await read({
    'proc/cmdline': 'ipa-api-url=mdns ipa-inspection-callback-url=mdns BOOTIF=01-52-54-00-00-00-77',
  });

  assert.deepEqual(found.apiUrls, []);
  assert.equal(found.inspectionCallbackUrl, null);
  assert.equal(found.bootMac, '52:54:00:00:00:77');
});

test('key and certificate are read, and every file that was read is named for removal', async () => {
  const found = await read({
    [CONF]: [
      '[DEFAULT]',
      'agent_token = abc',
      'tls_cert_file = /etc/ironic-python-agent/agent.crt',
      'tls_key_file = /etc/ironic-python-agent/agent.key',
      'cafile = /etc/ironic-python-agent/ironic.crt',
      '# a comment',
      '[bessemer]',
      'node_uuid = 1be26c0b-03f2-4d2e-ae87-c02d7f33c123',
    ].join('\n'),
    'etc/ironic-python-agent/agent.crt': 'CERT',
    'etc/ironic-python-agent/agent.key': 'KEY',
    'etc/ironic-python-agent/ironic.crt': 'CA',
  });

  assert.deepEqual(found.tls, { certificatePem: 'CERT', keyPem: 'KEY' });
  assert.equal(found.authorityPem, 'CA');
  assert.equal(found.nodeUuid, '1be26c0b-03f2-4d2e-ae87-c02d7f33c123');
  assert.ok(found.isOwnService);
  assert.deepEqual(found.sources, [
    `/${CONF}`,
    '/etc/ironic-python-agent/agent.crt',
    '/etc/ironic-python-agent/agent.key',
    '/etc/ironic-python-agent/ironic.crt',
  ]);
});

test('without anything the agent stands alone', async () => {
  const found = await read({});

  assert.deepEqual(found.apiUrls, []);
  assert.equal(found.listenPort, 9999);
  assert.equal(found.token, null);
});

const OWN: AgentConfig = {
  apiUrl: 'https://10.99.0.1:6386',
  token: 'x'.repeat(43),
  conductorCa: true,
  requireSignatures: true,
  isDebug: false,
  nodeUuid: '1be26c0b-03f2-4d2e-ae87-c02d7f33c123',
  session: '0d9fdc0b-67a8-4c51-8d76-8f5a5b8c7a11',
  bootNumber: 3,
  serviceTimeMs: 1_795_000_000_000,
};

const readOwn = (config: AgentConfig, kernelLine = ''): Promise<AgentConfiguration> =>
  read({
    'proc/cmdline': kernelLine,
    [AGENT_CONFIG_PATH]: renderAgentConfig(config),
    [AGENT_CA_PATH]: 'CA',
    ...(config.token === null ? {} : { [AGENT_CERT_PATH]: 'CERT', [AGENT_KEY_PATH]: 'KEY' }),
  });

test('what our service writes for a boot is understood', async () => {
  const found = await readOwn(OWN);

  assert.deepEqual(found.apiUrls, [OWN.apiUrl]);
  assert.deepEqual(found.tls, { certificatePem: 'CERT', keyPem: 'KEY' });
  assert.deepEqual(
    [found.token, found.nodeUuid, found.session, found.serviceTimeMs],
    [OWN.token, OWN.nodeUuid, OWN.session, OWN.serviceTimeMs],
  );
  assert.ok(found.isOwnService && found.requiresConductorCertificate && found.requiresSignatures);
});

test('a network boot has neither token nor key, a polled one no address', async () => {
  const network = await readOwn({ ...OWN, token: null, requireSignatures: false });
  const polled = await readOwn({ ...OWN, apiUrl: null });

  assert.deepEqual([network.token, network.tls, network.session], [null, null, OWN.session]);
  assert.equal(network.requiresSignatures, false);
  assert.deepEqual([polled.apiUrls, polled.token], [[], OWN.token]);
});

test('T-06: with a service of our own nothing makes the agent trust any certificate', async () => {
  const own = await readOwn(OWN, 'ipa-insecure=1');
  const foreign = await read({ 'proc/cmdline': 'ipa-insecure=1' });

  assert.equal(own.isInsecure, false);
  assert.equal(foreign.isInsecure, true);
});

test('the kernel line cannot say what only our service may say', async () => {
  const found = await read({
    'proc/cmdline': 'ipa-bessemer.session=s bessemer.conductor_ca=true ipa-require-signatures=1',
  });

  assert.equal(found.isOwnService, false);
  assert.equal(found.session, null);
  assert.equal(found.requiresSignatures, false);
});

for (const value of ['true', 'false', '0', 'no']) {
  test(`agent_token_required=${value} is taken and changes nothing but the log`, async () => {
    const { tokenRequirement } = await read({
      'proc/cmdline': `ipa-agent-token-required=${value}`,
    });
    const agent = await startTestAgent({ configuration: { tokenRequirement, token: null } });

    const answer = await agent.call('GET', '/v1/commands/');
    await agent.close();

    assert.equal(answer.status, 401);
    assert.equal(agent.lines().filter((line) => line.includes('requirement locked on')).length, 1);
  });
}

test('without that parameter the log is silent about it', async () => {
  const agent = await startTestAgent();
  await agent.close();

  assert.equal(
    agent.lines().some((line) => line.includes('requirement locked on')),
    false,
  );
});
