import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import { FLOOD_SOURCES, measureFlood } from '../stage/flood.ts';
import { startPlayedAgent } from '../stage/played-agent.ts';

const ANSWERS: readonly string[] = ['400', '429', '503', 'closed'];

export const wrongTokenFlood: Drill = {
  name: 'wrong-token-flood',
  threats: ['T-14', 'T-58'],
  attempt: `heartbeats with wrong tokens, as fast as they are answered, from ${FLOOD_SOURCES} addresses with 8 connections each`,
  expected:
    '400, then 429 for those addresses, agent.token.guessing; users are answered meanwhile; the true agent goes on',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const machine = await stage.played();
    // Takes commands and says nothing, so that the session lasts.
    const agent = await startPlayedAgent({
      address: machine.machine.address,
      certificate: machine.certificate,
      key: machine.key,
      reply: () => null,
    });
    try {
      const mark = await auditEnd(product);
      const { idleMs, floodedMs, answers } = await measureFlood(stage, machine.uuid);
      const total = Object.values(answers).reduce((sum, each) => sum + each, 0);
      const limited = answers['429'] ?? 0;
      findings.check(
        Object.keys(answers).every((what) => ANSWERS.includes(what)),
        `answers of other kinds: ${JSON.stringify(answers)}`,
      );
      findings.check(limited > 0, `none of ${total} was answered 429`);
      // How much slower is judged where machines are quiet: `npm run bench -- flood`.
      findings.saw(
        `${total} heartbeats, ${limited} of them 429; p99 of users ${idleMs.toFixed(1)} ms idle, ` +
          `${floodedMs.toFixed(1)} ms flooded`,
      );
      await expectEvent(product, findings, mark, {
        event: 'agent.token.guessing',
        node: machine.uuid,
      });
      const own = await machine.beat({ sequence: 1 });
      findings.check(own.status === 202, `the true agent was answered ${own.status}`);
    } finally {
      await agent.close();
    }
    return findings.finding();
  },
};
