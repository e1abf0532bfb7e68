import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseAgentConfig } from '@bessemer/protocol/media/agent-config';
import { readCpio } from '@bessemer/protocol/media/cpio';
import { RESERVED_REGION_BYTES } from '@bessemer/protocol/media/reserved-region';

import { Secret } from '#trust/secret';

import { type AgentArchive, renderAgentArchive } from './agent-archive.ts';

const BOOT: AgentArchive = {
  apiUrl: 'https://10.99.0.1:6386',
  authorityPem: 'authority',
  credentials: {
    token: new Secret('t'.repeat(43)),
    certificatePem: 'certificate',
    keyPem: new Secret('key'),
  },
  isConductorProven: true,
  nodeUuid: '5f6c3c7e-8a64-4b6c-9f1d-0a4a1c1f5f10',
  sessionId: '0d9fdc0b-67a8-4c51-8d76-8f5a5b8c7a11',
  bootNumber: 2,
  serviceTimeMs: 1_795_000_000_000,
  networkData: { links: [], networks: [] },
};

const filesOf = (archive: Buffer) =>
  new Map(
    readCpio(archive).map(({ path, mode, content }) => [
      path,
      { mode, text: Buffer.from(content).toString() },
    ]),
  );

test('the archive holds what an agent needs, where it looks for it', () => {
  const files = filesOf(renderAgentArchive(BOOT));

  const config = files.get('etc/ironic-python-agent.d/bessemer.conf');
  assert.equal(config?.mode, 0o600);
  assert.deepEqual(parseAgentConfig(config?.text ?? ''), {
    apiUrl: BOOT.apiUrl,
    token: 't'.repeat(43),
    conductorCa: true,
    requireSignatures: true,
    isDebug: false,
    nodeUuid: BOOT.nodeUuid,
    session: BOOT.sessionId,
    bootNumber: 2,
    serviceTimeMs: BOOT.serviceTimeMs,
  });
  files.delete('etc/ironic-python-agent.d/bessemer.conf');
  assert.deepEqual(Object.fromEntries(files), {
    'etc/ironic-python-agent/ironic.crt': { mode: 0o644, text: 'authority' },
    'etc/ironic-python-agent/agent.crt': { mode: 0o644, text: 'certificate' },
    'etc/ironic-python-agent/agent.key': { mode: 0o600, text: 'key' },
    'openstack/latest/network_data.json': { mode: 0o644, text: '{"links":[],"networks":[]}' },
  });
});

test('an agent that gets its token by lookup finds neither token nor key', () => {
  const files = filesOf(renderAgentArchive({ ...BOOT, credentials: null }));

  const config = parseAgentConfig(files.get('etc/ironic-python-agent.d/bessemer.conf')?.text ?? '');
  assert.deepEqual([config?.token, config?.requireSignatures], [null, false]);
  assert.ok(!files.has('etc/ironic-python-agent/agent.key'));
});

test('an agent that must not call is told no address', () => {
  const files = filesOf(renderAgentArchive({ ...BOOT, apiUrl: null }));

  const text = files.get('etc/ironic-python-agent.d/bessemer.conf')?.text ?? '';
  assert.equal(parseAgentConfig(text)?.apiUrl, null);
  assert.ok(!text.includes('api_url'));
});

test('without network data the machine asks DHCP: no empty file tells it otherwise', () => {
  const files = filesOf(renderAgentArchive({ ...BOOT, networkData: {} }));

  assert.ok(!files.has('openstack/latest/network_data.json'));
});

test('an archive that does not fit into the region is refused with the reason', () => {
  const networkData = { links: ['x'.repeat(RESERVED_REGION_BYTES)] };

  assert.throws(() => renderAgentArchive({ ...BOOT, networkData }), /network_data .* is too large/);
});
