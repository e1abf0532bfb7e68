import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { foreignAuthority } from '../stage/foreign-key.ts';
import { LONE_TOKEN, loneFiles } from '../stage/lone-files.ts';
import { startLoneAgent } from '../stage/lone-agent.ts';
import { startPlayedAgent } from '../stage/played-agent.ts';
import { standInReply } from '../stage/stand-in-service.ts';
import { call } from '../stage/wire.ts';

const API_PORT = 6_386;

export const agentRestart: Drill = {
  name: 'agent-restart',
  threats: ['T-13'],
  attempt:
    'the process of an agent is killed and started again in the same ramdisk, by somebody on the machine',
  expected:
    'what it was told at boot is gone: no token on any file, no call to the service, every command 401',
  run: async (stage) => {
    const findings = makeFindings();
    const [address, serviceAddress] = [stage.stranger(), stage.stranger()];
    const authority = await foreignAuthority();
    const service = await authority.issue('service', serviceAddress);
    const watcher = await startPlayedAgent({
      address: serviceAddress,
      port: API_PORT,
      certificate: service.certificate,
      key: service.key,
      reply: standInReply,
    });
    const agent = await startLoneAgent({
      directory: await mkdtemp(join(stage.directory, 'lone-')),
      address,
      files: loneFiles({
        apiUrl: `https://${serviceAddress}:${API_PORT}`,
        token: LONE_TOKEN,
        ca: authority.certificate,
        identity: await authority.issue('agent', address),
      }),
    });
    try {
      findings.check(await agent.says(/listens/), 'the agent does not listen');
      const isMet = await watcher.until(() =>
        watcher.requests.some(({ method }) => method === 'POST'),
      );
      findings.check(isMet, 'the agent did not call its service');
      const left = await filesBelow(agent.root);
      findings.saw(`${left.length} files of the medium left`);
      for (const path of left) {
        const text = await readFile(path, 'utf8');
        findings.check(!text.includes(LONE_TOKEN), `${path} holds the token`);
        findings.check(!text.includes('PRIVATE KEY'), `${path} holds a key`);
      }
      await agent.kill();
      const calls = watcher.connections();
      agent.startAgain();
      findings.check(await agent.says(/listens|ends:/), 'the second process says nothing');
      if (await agent.says(/listens/, 1)) {
        const { status } = await call(`${agent.url}/v1/commands/?agent_token=${LONE_TOKEN}`);
        findings.saw(`the token of before: ${status}`);
        findings.check(status === 401, `the token of before was answered ${status}`);
      } else findings.saw('the second process ends');
      findings.check(watcher.connections() === calls, 'the second process called the service');
    } finally {
      await agent.kill();
      await watcher.close();
    }
    return findings.finding();
  },
};

const filesBelow = async (root: string): Promise<readonly string[]> => {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
};
