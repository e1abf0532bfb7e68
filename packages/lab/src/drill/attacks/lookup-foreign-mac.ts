import type { Drill } from '../drill.ts';
import { type Findings, makeFindings } from '../findings.ts';
import { lookupPath, tokenIn, unknownMac } from '../stage/agent-words.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import { askFor, sessionEnds, sessionOf } from '../stage/nodes.ts';
import { result, startPlayedAgent } from '../stage/played-agent.ts';
import { forgedCertificate } from '../stage/foreign-key.ts';
import { bootForInspection } from '../stage/played-machine.ts';
import { shown } from '../stage/shown.ts';
import type { Stage } from '../stage/stage.ts';
import type { WireAnswer } from '../stage/wire.ts';

export const lookupForeignMac: Drill = {
  name: 'lookup-foreign-mac',
  threats: ['T-01', 'T-02'],
  attempt:
    "lookup for another node's MAC before, in and after its window, from the attacker's own address, from another machine's, and from the forged one",
  expected:
    '404 with one body outside the window and from a wrong address; after a grant the mask, agent.lookup.rival, SUSPECT, and no command to anybody',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const ask = (macs: readonly string[], from: string): Promise<WireAnswer> =>
      product.ramdisk(lookupPath({ macs }), { from });
    const nobody = await ask([unknownMac(1)], stage.stranger());
    const refused = async (what: string, mac: string, from: string): Promise<void> => {
      const answer = await ask([mac], from);
      findings.saw(`${what}: ${answer.status}`);
      findings.check(answer.status === 404, `${what} it was answered ${answer.status}`);
      findings.check(answer.text === nobody.text, `${what} the body differs`);
      findings.check(tokenIn(answer) === null, `${what} a token was given`);
    };
    const denied = async (mark: number, uuid: string, source: string, reason: string) =>
      expectEvent(product, findings, mark, {
        event: 'agent.lookup.denied',
        node: uuid,
        source,
        reason,
      });

    const idle = await stage.node({ boot_interface: 'ipxe' });
    const { mac, address } = idle.machine;
    let mark = await auditEnd(product);
    const early = stage.stranger();
    await refused('before', mac, early);
    await refused('before, forged', mac, address);
    await denied(mark, idle.uuid, early, 'state');

    const victim = await bootForInspection(product, idle);
    mark = await auditEnd(product);
    const inside = stage.stranger();
    await refused('in the window', mac, inside);
    await refused("in the window, another machine's", mac, stage.machine().address);
    await denied(mark, victim.uuid, inside, 'source');
    await rivals(stage, findings, victim);

    await askFor(product, victim.uuid, 'abort').catch(() => undefined);
    findings.check(await sessionEnds(product, victim.uuid), 'the boot does not end');
    mark = await auditEnd(product);
    const late = stage.stranger();
    await refused('after', mac, late);
    await refused('after, forged', mac, address);
    await denied(mark, victim.uuid, late, 'state');
    return findings.finding();
  },
};

type Victim = Awaited<ReturnType<typeof bootForInspection>>;

/** The forged address wins the race; the other one shows up within the settle time. */
const rivals = async (stage: Stage, findings: Findings, victim: Victim): Promise<void> => {
  const { product } = stage;
  const { mac, address } = victim.machine;
  const own = await forgedCertificate(address);
  const agent = await startPlayedAgent({
    address,
    certificate: own.certificate,
    key: own.key,
    reply: ({ command }) => result(command, {}),
  });
  try {
    const mark = await auditEnd(product);
    const macs = [mac];
    const first = await product.ramdisk(lookupPath({ macs }), { from: address });
    const token = tokenIn(first);
    findings.check(token !== null, `the first lookup was answered ${first.status} without a token`);
    const source = stage.stranger();
    const second = await product.ramdisk(lookupPath({ macs }), { from: source });
    findings.saw(`the rival: ${second.status}, ${tokenIn(second) === null ? 'mask' : 'A TOKEN'}`);
    findings.check(tokenIn(second) === null, 'the rival was given a token');
    await expectEvent(product, findings, mark, {
      event: 'agent.lookup.rival',
      node: victim.uuid,
      source,
    });
    const beat = await victim.beat({ token: token ?? '', certificate: own.certificate });
    findings.check(beat.status === 400, `the token that was given works: ${beat.status}`);
    const { state } = await sessionOf(product, victim.uuid);
    findings.saw(`session ${state === undefined ? 'closed' : shown(state)}`);
    findings.check(state === undefined || state === 'SUSPECT', `the session is ${shown(state)}`);
    findings.check(agent.requests.length === 0, 'a command was sent');
  } finally {
    await agent.close();
  }
};
