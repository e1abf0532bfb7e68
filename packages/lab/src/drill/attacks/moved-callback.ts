import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import { sessionOf, showNode } from '../stage/nodes.ts';
import { shown } from '../stage/shown.ts';
import { result, startPlayedAgent } from '../stage/played-agent.ts';

export const movedCallback: Drill = {
  name: 'moved-callback',
  threats: ['T-09'],
  attempt:
    'after the true agent was bound, a heartbeat with its token that moves the callback to another host',
  expected:
    '400 with a fixed text; nothing is sent to the other host; the session is SUSPECT, agent.binding.conflict',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const machine = await stage.played();
    const rogueAddress = stage.stranger();
    const rogue = await startPlayedAgent({
      address: rogueAddress,
      certificate: machine.certificate,
      key: machine.key,
      reply: ({ command }) => result(command, {}),
    });
    try {
      const bound = await machine.beat({ sequence: 1 });
      findings.check(bound.status === 202, `the true agent was answered ${bound.status}`);
      const mark = await auditEnd(product);
      const callbackUrl = `https://${rogueAddress}:9999`;
      const moved = await machine.beat({ callbackUrl, from: rogueAddress, sequence: 2 });
      findings.saw(String(moved.status));
      findings.check(moved.status === 400, `the moved callback was answered ${moved.status}`);
      findings.check(!moved.text.includes(rogueAddress), 'the answer repeats the address');
      await expectEvent(product, findings, mark, {
        event: 'agent.binding.conflict',
        node: machine.uuid,
        source: rogueAddress,
      });
      const node = await showNode(product, machine.uuid);
      const session = await sessionOf(product, machine.uuid);
      const state = session['state'] ?? `closed, node ${shown(node['provision_state'])}`;
      findings.saw(`session ${shown(state)}`);
      findings.check(
        session['state'] === undefined || session['state'] === 'SUSPECT',
        `the session is ${shown(state)}`,
      );
      findings.check(rogue.requests.length === 0, 'the other host was sent a request');
    } finally {
      await rogue.close();
    }
    return findings.finding();
  },
};
