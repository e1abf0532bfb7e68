import { createSocket, type Socket } from 'node:dgram';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { foreignAuthority } from '../stage/foreign-key.ts';
import { startLoneAgent } from '../stage/lone-agent.ts';
import { startPlayedAgent } from '../stage/played-agent.ts';

const MDNS_PORT = 5_353;
const MDNS_GROUP = '224.0.0.251';
/** By which stock agents ask for a service. */
const SERVICE_TYPE = '_openstack';
const API_PORT = 6_386;

const listenForQueries = (onQuery: () => void): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    socket.once('error', reject);
    socket.on('message', (message) => {
      if (message.includes(SERVICE_TYPE)) onQuery();
    });
    socket.bind(MDNS_PORT, () => {
      socket.addMembership(MDNS_GROUP, '127.0.0.1');
      resolve(socket);
    });
  });

export const mdnsIgnored: Drill = {
  name: 'mdns-ignored',
  threats: ['T-22'],
  attempt:
    'an agent whose kernel line says `mdns` as service address, beside a responder that names a service of its own',
  expected: 'no question is asked by multicast, nobody is called; the agent waits to be called',
  run: async (stage) => {
    const findings = makeFindings();
    const address = stage.stranger();
    const own = await (await foreignAuthority()).issue('service', address);
    const rogue = await startPlayedAgent({
      address,
      port: API_PORT,
      certificate: own.certificate,
      key: own.key,
      reply: () => ({ status: 200, body: '{}' }),
    });
    let queries = 0;
    const socket = await listenForQueries(() => {
      queries += 1;
    });
    const agent = await startLoneAgent({
      directory: await mkdtemp(join(stage.directory, 'lone-')),
      address: stage.stranger(),
      files: {
        'proc/cmdline': 'ipa-api-url=mdns ipa-inspection-callback-url=mdns ipa-use-mdns=1\n',
      },
    });
    try {
      findings.check(await agent.says(/no service address is configured/), 'the agent goes on');
      findings.check(await agent.says(/listens/), 'the agent does not listen');
      findings.saw(`${queries} questions by multicast, ${rogue.connections()} calls`);
      findings.check(queries === 0, 'the agent asked by multicast');
      findings.check(rogue.connections() === 0, 'the agent called the false service');
    } finally {
      await agent.kill();
      socket.close();
      await rogue.close();
    }
    return findings.finding();
  },
};
