import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heartbeatBody } from './heartbeat.ts';
import { spokenVersions } from './service-version.ts';
import { AgentToken } from '#trust/agent-token';

const body = (maximum: string): readonly string[] => {
  const token = new AgentToken();
  token.accept('t'.repeat(43));
  const parts = {
    callbackUrl: 'https://192.0.2.1:9999',
    token,
    agentVersion: '11.9.0',
    certificatePem: 'PEM',
  };
  return Object.keys(heartbeatBody(parts, spokenVersions(maximum)));
};

for (const [maximum, lookup, heartbeat, keys] of [
  ['1.115', '1.62', '1.68', ['callback_url', 'agent_token', 'agent_version', 'agent_verify_ca']],
  ['1.68', '1.62', '1.68', ['callback_url', 'agent_token', 'agent_version', 'agent_verify_ca']],
  ['1.65', '1.62', '1.65', ['callback_url', 'agent_token', 'agent_version']],
  ['1.40', '1.40', '1.40', ['callback_url', 'agent_version']],
  ['1.31', '1.31', '1.31', ['callback_url']],
] as const) {
  test(`a service of ${maximum} is asked with ${lookup} and told with ${heartbeat}`, () => {
    const spoken = spokenVersions(maximum);

    assert.deepEqual([spoken.lookup, spoken.heartbeat], [lookup, heartbeat]);
    assert.deepEqual(body(maximum), keys);
  });
}
