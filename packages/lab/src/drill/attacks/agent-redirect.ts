import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { waitForState } from '../stage/nodes.ts';
import { startPlayedAgent } from '../stage/played-agent.ts';
import { shown } from '../stage/shown.ts';

export const agentRedirect: Drill = {
  name: 'agent-redirect',
  threats: ['T-11'],
  attempt:
    'the agent answers a command with a redirect to another host (as it would to a metadata service)',
  expected:
    'the redirect is not followed: not even a handshake with the other host; the step fails',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const machine = await stage.played();
    const { certificate, key } = machine;
    const target = stage.stranger();
    const elsewhere = await startPlayedAgent({
      address: target,
      certificate,
      key,
      reply: () => ({ status: 200, body: '{}' }),
    });
    const agent = await startPlayedAgent({
      address: machine.machine.address,
      certificate,
      key,
      reply: () => ({
        status: 302,
        headers: { location: `https://${target}:9999/latest/meta-data/` },
        body: '{}',
      }),
    });
    try {
      await machine.beat({ sequence: 1 });
      const isAsked = await agent.until(() => agent.requests.length > 0);
      findings.check(isAsked, 'the conductor sent no command, so nothing was shown');
      const node = await waitForState(product, machine.uuid, ['inspect failed']);
      findings.saw(`302; node ${shown(node['provision_state'])}: ${shown(node['last_error'])}`);
      findings.saw(`${elsewhere.connections()} connections elsewhere`);
      findings.check(elsewhere.connections() === 0, 'the conductor followed the redirect');
    } finally {
      await Promise.all([agent.close(), elsewhere.close()]);
    }
    return findings.finding();
  },
};
