import { systemClock } from '../../clock.ts';
import type { Drill } from '../drill.ts';
import { type Findings, makeFindings } from '../findings.ts';
import { auditEnd, expectEvent } from '../stage/audit-trail.ts';
import { restingState, sessionOf } from '../stage/nodes.ts';
import {
  type AgentReply,
  type AgentRequest,
  result,
  startPlayedAgent,
} from '../stage/played-agent.ts';
import { bootForInspection, type PlayedMachine } from '../stage/played-machine.ts';
import { shown } from '../stage/shown.ts';
import type { Stage } from '../stage/stage.ts';

const DAY_SECONDS = 86_400;
const WRONG = 'W'.repeat(43);

const statusReply = (ageSeconds: number): AgentReply => ({
  status: 200,
  body: JSON.stringify({
    version: '11.0.0',
    started_at: systemClock.wallMs() / 1_000 - ageSeconds,
    uptime: ageSeconds,
  }),
});

export const polledImpostor: Drill = {
  name: 'polled-impostor',
  threats: ['T-12'],
  attempt:
    'at the address of a polled machine somebody answers who has the right TLS key: an agent of an earlier boot, and one that does not know the token',
  expected:
    'the first is asked for its status and no more, agent.poll.stale_agent; the second fails the proof, SUSPECT; neither is shown the token',
  run: async (stage) => {
    const findings = makeFindings();
    await Promise.all([earlier(stage, findings), ignorant(stage, findings)]);
    return findings.finding();
  },
};

/** Answers at a polled machine's address with its key, until `done`. */
const answering = async (
  stage: Stage,
  findings: Findings,
  reply: (request: AgentRequest) => AgentReply,
  done: (machine: PlayedMachine, requests: readonly AgentRequest[]) => Promise<void>,
): Promise<void> => {
  const node = await stage.node({ driver_info: { agent_poll_only: true } });
  const machine = await bootForInspection(stage.product, node);
  const { certificate, key } = machine;
  const agent = await startPlayedAgent({
    address: machine.machine.address,
    certificate,
    key,
    reply,
  });
  try {
    const isAsked = await agent.until(() => agent.requests.length > 0);
    findings.check(isAsked, 'the conductor did not call, so nothing was shown');
    await done(machine, agent.requests);
    const isShown = agent.requests.some(
      ({ target, params }) =>
        target.includes(machine.token) || JSON.stringify(params).includes(machine.token),
    );
    findings.check(!isShown, 'the token was shown');
  } finally {
    await agent.close();
  }
};

const earlier = async (stage: Stage, findings: Findings): Promise<void> => {
  const mark = await auditEnd(stage.product);
  await answering(
    stage,
    findings,
    () => statusReply(DAY_SECONDS),
    async ({ uuid }, requests) => {
      await expectEvent(stage.product, findings, mark, {
        event: 'agent.poll.stale_agent',
        node: uuid,
      });
      const others = requests.filter(({ target }) => target !== '/v1/status');
      findings.saw(`of an earlier boot: ${others.length} requests beside the status`);
      findings.check(others.length === 0, 'an agent of an earlier boot was asked for more');
    },
  );
};

const ignorant = async (stage: Stage, findings: Findings): Promise<void> => {
  const mark = await auditEnd(stage.product);
  await answering(
    stage,
    findings,
    ({ method, command }) =>
      method === 'GET' ? statusReply(0) : result(command, { nonce: WRONG, proof: WRONG }),
    async ({ uuid }, requests) => {
      await expectEvent(stage.product, findings, mark, {
        event: 'agent.poll.proof_failed',
        node: uuid,
      });
      const node = await restingState(stage.product, uuid, ['inspect wait', 'inspecting']);
      const { state } = await sessionOf(stage.product, uuid);
      const commands = requests
        .filter(({ command }) => command !== '')
        .map(({ command }) => command);
      findings.saw(`without the token: ${commands.join(', ')}; ${shown(node['provision_state'])}`);
      findings.check(state === undefined || state === 'SUSPECT', `the session is ${shown(state)}`);
      findings.check(
        commands.every((command) => command === 'trust.prove'),
        `it was sent ${commands.join(', ')}`,
      );
    },
  );
};
