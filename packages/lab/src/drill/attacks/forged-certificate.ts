import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import { forgedCertificate } from '../stage/foreign-key.ts';
import { sessionOf } from '../stage/nodes.ts';
import { shown } from '../stage/shown.ts';
import { result, startPlayedAgent } from '../stage/played-agent.ts';

export const forgedCertificate_: Drill = {
  name: 'forged-certificate',
  threats: ['T-07'],
  attempt:
    'at the address of a bound agent somebody answers with a certificate of its own; and a heartbeat announces such a key',
  expected:
    'a handshake and not one byte of a request, agent.pin_mismatch; the heartbeat is 400 and the session SUSPECT',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const machine = await stage.played();
    const forged = await forgedCertificate(machine.machine.address);
    const rogue = await startPlayedAgent({
      address: machine.machine.address,
      certificate: forged.certificate,
      key: forged.key,
      reply: ({ command }) => result(command, {}),
    });
    try {
      const mark = await auditEnd(product);
      const bound = await machine.beat({ sequence: 1 });
      findings.check(bound.status === 202, `the true agent was answered ${bound.status}`);
      const isCalled = await rogue.until(() => rogue.connections() > 0);
      findings.check(isCalled, 'the conductor did not call, so nothing was shown');
      await expectEvent(product, findings, mark, {
        event: 'agent.pin_mismatch',
        node: machine.uuid,
      });
      findings.saw(`${rogue.connections()} connections, ${rogue.requests.length} requests`);
      findings.check(rogue.requests.length === 0, 'the conductor sent a request to a wrong key');
    } finally {
      await rogue.close();
    }
    const other = await stage.played();
    const source = stage.stranger();
    const mark = await auditEnd(product);
    await other.beat({ sequence: 1 });
    const announced = await other.beat({
      certificate: forged.certificate,
      from: source,
      sequence: 2,
    });
    findings.saw(`announced: ${announced.status}`);
    findings.check(announced.status === 400, `a key of its own was answered ${announced.status}`);
    await expectEvent(product, findings, mark, {
      event: 'agent.binding.conflict',
      node: other.uuid,
      source,
    });
    const { state } = await sessionOf(product, other.uuid);
    findings.check(state === undefined || state === 'SUSPECT', `the session is ${shown(state)}`);
    return findings.finding();
  },
};
