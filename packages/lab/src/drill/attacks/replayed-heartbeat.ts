import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import { factsOf } from '../stage/nodes.ts';
import { startPlayedAgent } from '../stage/played-agent.ts';

const SEQUENCE = 1_000;

export const replayedHeartbeat: Drill = {
  name: 'replayed-heartbeat',
  threats: ['T-08'],
  attempt:
    'a captured, signed heartbeat sent again from the forged address of the machine; with a lower number; unsigned',
  expected:
    '400 for each, agent.replay; nothing of the node changes; the next true heartbeat is taken',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const machine = await stage.played();
    // Takes commands and says nothing: the work on the node stands still meanwhile.
    const agent = await startPlayedAgent({
      address: machine.machine.address,
      certificate: machine.certificate,
      key: machine.key,
      reply: () => null,
    });
    try {
      const first = await machine.beat({ sequence: SEQUENCE });
      findings.check(first.status === 202, `the true agent was answered ${first.status}`);
      const isAsked = await agent.until(() => agent.requests.length > 0);
      findings.check(isAsked, 'the conductor did not call the agent');
      const before = await factsOf(product, machine.uuid);
      const mark = await auditEnd(product);
      const attempts = [
        ['the same again', await machine.beat({ sequence: SEQUENCE })],
        ['a lower number', await machine.beat({ sequence: SEQUENCE - 1 })],
        ['no signature', await machine.beat()],
      ] as const;
      for (const [what, { status }] of attempts) {
        findings.saw(`${what}: ${status}`);
        findings.check(status === 400, `${what} was answered ${status}`);
      }
      findings.check(
        (await factsOf(product, machine.uuid)) === before,
        'what the service shows of the node has changed',
      );
      await expectEvent(product, findings, mark, { event: 'agent.replay', node: machine.uuid });
      const next = await machine.beat({ sequence: SEQUENCE + 1 });
      findings.check(next.status === 202, `the next true heartbeat was answered ${next.status}`);
    } finally {
      await agent.close();
    }
    return findings.finding();
  },
};
