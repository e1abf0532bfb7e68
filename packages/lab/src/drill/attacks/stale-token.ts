import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import { askFor, factsOf, sessionEnds, waitForState } from '../stage/nodes.ts';
import { bootForInspection } from '../stage/played-machine.ts';

export const staleToken: Drill = {
  name: 'stale-token',
  threats: ['T-01', 'T-08'],
  attempt:
    'a heartbeat with the token of a boot that was aborted, and again during the next boot of the node',
  expected: '400 both times, agent.token.stale_use; the new boot is not disturbed',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const old = await stage.played();
    await askFor(product, old.uuid, 'abort');
    await waitForState(product, old.uuid, ['inspect failed']);
    findings.check(await sessionEnds(product, old.uuid), 'the session goes on after the abort');
    const mark = await auditEnd(product);
    const source = stage.stranger();
    const after = await old.beat({ from: source, sequence: 2 });
    findings.saw(`after the boot: ${after.status}`);
    findings.check(after.status === 400, `after the boot it was answered ${after.status}`);
    await expectEvent(product, findings, mark, {
      event: 'agent.token.stale_use',
      node: old.uuid,
      source,
    });
    const next = await bootForInspection(product, old);
    findings.check(next.token !== old.token, 'the next boot got the same token');
    const before = await factsOf(product, old.uuid);
    const during = await old.beat({ from: stage.stranger(), sequence: 3 });
    findings.saw(`in the next boot: ${during.status}`);
    findings.check(during.status === 400, `in the next boot it was answered ${during.status}`);
    findings.check((await factsOf(product, old.uuid)) === before, 'the new boot was disturbed');
    const good = await next.beat({ sequence: 1 });
    findings.check(good.status === 202, `the agent of the new boot was answered ${good.status}`);
    return findings.finding();
  },
};
