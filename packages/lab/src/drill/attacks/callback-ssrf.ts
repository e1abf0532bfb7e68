import type { Drill } from '../drill.ts';
import { HOSTILE_CALLBACKS } from '../corpus/callback-urls.ts';
import { makeFindings } from '../findings.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import { factsOf } from '../stage/nodes.ts';

export const callbackSsrf: Drill = {
  name: 'callback-ssrf',
  threats: ['T-10'],
  attempt: `a first heartbeat with the right token and one of ${HOSTILE_CALLBACKS.length} callback addresses that lead elsewhere`,
  expected:
    '400 for each, agent.callback.denied; the session stays unbound and the true agent binds it',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const machine = await stage.played();
    const before = await factsOf(product, machine.uuid);
    const mark = await auditEnd(product);
    const statuses = new Map<number, number>();
    for (const callbackUrl of HOSTILE_CALLBACKS) {
      // Another source each time: limits by source must not be what holds here.
      const { status } = await machine.beat({ callbackUrl, from: stage.stranger() });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      findings.check(status === 400, `${JSON.stringify(callbackUrl)} was answered ${status}`);
    }
    for (const [status, count] of statuses) findings.saw(`${status} for ${count}`);
    findings.check(
      (await factsOf(product, machine.uuid)) === before,
      'what the service shows of the node has changed',
    );
    await expectEvent(product, findings, mark, {
      event: 'agent.callback.denied',
      node: machine.uuid,
    });
    const { status } = await machine.beat({ sequence: 1 });
    findings.check(status === 202, `afterwards the true agent was answered ${status}`);
    return findings.finding();
  },
};
