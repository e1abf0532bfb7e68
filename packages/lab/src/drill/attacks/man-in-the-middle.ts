import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { foreignAuthority } from '../stage/foreign-key.ts';
import { loneFiles } from '../stage/lone-files.ts';
import { startLoneAgent } from '../stage/lone-agent.ts';
import { startPlayedAgent } from '../stage/played-agent.ts';

/** Where the man in the middle answers in place of the service. */
const API_PORT = 6_386;

export const manInTheMiddle: Drill = {
  name: 'man-in-the-middle',
  threats: ['T-06'],
  attempt:
    'between agent and service somebody ends TLS with a certificate by an authority of its own, with the right name in it',
  expected:
    'the agent refuses the certificate: no lookup leaves the machine, and it goes on trying',
  run: async (stage) => {
    const findings = makeFindings();
    const address = stage.stranger();
    const middle = await (await foreignAuthority()).issue('service', address);
    const man = await startPlayedAgent({
      address,
      port: API_PORT,
      certificate: middle.certificate,
      key: middle.key,
      reply: () => ({ status: 200, body: '{}' }),
    });
    const agent = await startLoneAgent({
      directory: await mkdtemp(join(stage.directory, 'lone-')),
      address: stage.stranger(),
      files: loneFiles({
        apiUrl: `https://${address}:${API_PORT}`,
        token: null,
        ca: stage.product.ca,
      }),
    });
    try {
      const hasTriedTwice = await man.until(() => man.connections() >= 2);
      findings.check(hasTriedTwice, 'the agent did not call, so nothing was shown');
      findings.check(await agent.says(/lookup: .*certificate/), 'the agent does not say why');
      findings.saw(`${man.connections()} connections, ${man.requests.length} requests`);
      findings.check(man.requests.length === 0, 'the agent sent a request through the wrong key');
    } finally {
      await agent.kill();
      await man.close();
    }
    return findings.finding();
  },
};
