import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import { forgedCertificate } from '../stage/foreign-key.ts';
import { sessionOf } from '../stage/nodes.ts';
import { result, startPlayedAgent } from '../stage/played-agent.ts';
import { bootForInspection } from '../stage/played-machine.ts';
import { shown } from '../stage/shown.ts';

export const rogueAgent: Drill = {
  name: 'rogue-agent',
  threats: ['T-12'],
  attempt: 'at the address of a polled machine somebody else answers, with a key of its own',
  expected:
    'a handshake and not one byte of a request, agent.poll.pin_mismatch; the session stays SEALED',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const node = await stage.node({ driver_info: { agent_poll_only: true } });
    const { address } = node.machine;
    const forged = await forgedCertificate(address);
    const rogue = await startPlayedAgent({
      address,
      certificate: forged.certificate,
      key: forged.key,
      reply: ({ command }) => result(command, {}),
    });
    try {
      const mark = await auditEnd(product);
      const machine = await bootForInspection(product, node);
      findings.check(machine.config.apiUrl === null, 'a polled machine was told whom to call');
      const isCalled = await rogue.until(() => rogue.connections() > 0);
      findings.check(isCalled, 'the conductor did not call, so nothing was shown');
      await expectEvent(product, findings, mark, {
        event: 'agent.poll.pin_mismatch',
        node: node.uuid,
      });
      findings.saw(`${rogue.connections()} connections, ${rogue.requests.length} requests`);
      findings.check(rogue.requests.length === 0, 'the conductor sent a request to a wrong key');
      const { state } = await sessionOf(product, node.uuid);
      findings.saw(`session ${shown(state)}`);
      findings.check(state === 'SEALED', `the session is ${shown(state)}`);
      const called = await machine.beat({ sequence: 1 });
      findings.saw(`a heartbeat all the same: ${called.status}`);
      findings.check(called.status === 403, `a heartbeat was answered ${called.status}`);
      await expectEvent(product, findings, mark, {
        event: 'agent.unexpected_heartbeat',
        node: node.uuid,
      });
    } finally {
      await rogue.close();
    }
    return findings.finding();
  },
};
