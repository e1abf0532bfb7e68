import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import { isJsonObject } from '@bessemer/protocol/json';

import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { foreignAuthority } from '../stage/foreign-key.ts';
import { LONE_TOKEN, loneFiles } from '../stage/lone-files.ts';
import { startLoneAgent } from '../stage/lone-agent.ts';
import { call, parsed } from '../stage/wire.ts';

const STATUS_KEYS = ['started_at', 'uptime', 'version'];

export const agentWithoutToken: Drill = {
  name: 'agent-without-token',
  threats: ['T-16'],
  attempt:
    'commands and reads of results at an agent: without a token, with a wrong one, with the mask, with half of the right one',
  expected:
    '401 for each, POST and GET; nothing runs; the open status tells version and times only',
  run: async (stage) => {
    const findings = makeFindings();
    const address = stage.stranger();
    const authority = await foreignAuthority();
    const agent = await startLoneAgent({
      directory: await mkdtemp(join(stage.directory, 'lone-')),
      address,
      files: loneFiles({
        apiUrl: null,
        token: LONE_TOKEN,
        ca: authority.certificate,
        identity: await authority.issue('agent', address),
      }),
    });
    const from = stage.stranger();
    const body = JSON.stringify({ name: 'standby.power_off', params: {} });
    try {
      findings.check(await agent.says(/listens/), 'the agent does not listen');
      for (const token of ['', 'E'.repeat(43), '******', LONE_TOKEN.slice(0, 20)]) {
        const query = token === '' ? '' : `?agent_token=${token}`;
        for (const [method, path] of [
          ['POST', '/v1/commands/'],
          ['GET', '/v1/commands/'],
          ['GET', '/v1/commands/0d9fdc0b-67a8-4c51-8d76-8f5a5b8c7a11'],
        ] as const) {
          const { status } = await call(`${agent.url}${path}${query}`, {
            method,
            from,
            ...(method === 'POST' ? { body } : {}),
          });
          findings.saw(String(status));
          findings.check(status === 401, `${method} ${path} was answered ${status}`);
        }
      }
      const status = await call(`${agent.url}/v1/status`, { from });
      const told = parsed(status.text);
      const keys = isJsonObject(told) ? Object.keys(told).toSorted() : [];
      findings.check(
        keys.join() === STATUS_KEYS.join(),
        `the open status tells ${keys.join(', ')}`,
      );
      const list = await call(`${agent.url}/v1/commands/?agent_token=${LONE_TOKEN}`, { from });
      findings.check(list.text === '{"commands":[]}', `a command was kept: ${list.text}`);
    } finally {
      await agent.kill();
    }
    return findings.finding();
  },
};
