import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AgentConfiguration, readConfiguration } from '../src/configuration.ts';

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

test('addresses found by shouting into the network are not followed', async () => {
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
