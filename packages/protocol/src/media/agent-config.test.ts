import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type AgentConfig, parseAgentConfig, renderAgentConfig } from './agent-config.ts';

const CONFIG: AgentConfig = {
  apiUrl: 'https://10.99.0.1:6386',
  token: 'x'.repeat(43),
  conductorCa: true,
  requireSignatures: true,
  isDebug: false,
  nodeUuid: '5f6c3c7e-8a64-4b6c-9f1d-0a4a1c1f5f10',
  session: '0d9fdc0b-67a8-4c51-8d76-8f5a5b8c7a11',
  bootNumber: 3,
  serviceTimeMs: 1_795_000_000_000,
};

test('what is rendered is read back', () => {
  for (const config of [
    CONFIG,
    { ...CONFIG, isDebug: true },
    { ...CONFIG, apiUrl: null },
    { ...CONFIG, token: null, requireSignatures: false },
  ]) {
    const text = renderAgentConfig(config);

    assert.deepEqual(parseAgentConfig(text), config);
  }
});

test('a stock agent finds its names in the section that it reads', () => {
  const [stock = ''] = renderAgentConfig(CONFIG).split('[bessemer]');

  assert.equal(
    stock,
    [
      '[DEFAULT]',
      'api_url = https://10.99.0.1:6386',
      `agent_token = ${'x'.repeat(43)}`,
      'listen_tls = true',
      'tls_cert_file = /etc/ironic-python-agent/agent.crt',
      'tls_key_file = /etc/ironic-python-agent/agent.key',
      'cafile = /etc/ironic-python-agent/ironic.crt',
      'advertise_protocol = https',
      '',
      '',
    ].join('\n'),
  );
});

test('a value cannot bring a line of its own', () => {
  for (const apiUrl of ['https://a\ninsecure = true', 'https://a b', 'https://$token', '']) {
    assert.throws(() => renderAgentConfig({ ...CONFIG, apiUrl }), /api_url has a bad character/);
  }
});

test('a text that is not ours is no configuration', () => {
  for (const text of ['', '[DEFAULT]\napi_url = x\n', renderAgentConfig(CONFIG).slice(0, -3)]) {
    assert.equal(parseAgentConfig(text), undefined);
  }
});
