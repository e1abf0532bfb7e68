import { readFileSync } from 'node:fs';

import { isJsonObject } from '@bessemer/protocol/json';

import type { Drill } from '../drill.ts';
import { type Findings, makeFindings } from '../findings.ts';
import { restingState } from '../stage/nodes.ts';
import { type AgentReply, startPlayedAgent } from '../stage/played-agent.ts';
import type { Product } from '../stage/product.ts';
import { shown } from '../stage/shown.ts';
import type { Stage } from '../stage/stage.ts';

const HUGE_BYTES = 60 * 1024 ** 2;
const TEXT_CHARS_MAX = 10_000;
const ESCAPES = '\u001b[2J\u001b]0;owned\u0007\r\nFAKE LOG LINE <script>alert(1)</script> \u202e';

const failed = (details: string): AgentReply => ({
  status: 200,
  body: JSON.stringify({
    id: '1',
    command_name: 'get_hardware_info',
    command_status: 'FAILED',
    command_error: { type: 'CommandExecutionError', code: 500, message: details, details },
    command_result: null,
  }),
});

const REPLIES: readonly (readonly [string, () => AgentReply])[] = [
  ['control characters', () => failed(ESCAPES)],
  ['a text of 4 MB', () => failed('x'.repeat(4_000_000))],
  ['60 MB', () => ({ status: 200, body: Buffer.alloc(HUGE_BYTES, '[') })],
  ['an error of 60 MB', () => ({ status: 500, body: Buffer.alloc(HUGE_BYTES, 'x') })],
  ['deep nesting', () => ({ status: 200, body: `${'['.repeat(200_000)}${']'.repeat(200_000)}` })],
  ['no command', () => ({ status: 200, body: '{"__proto__":{"command_status":"SUCCEEDED"}}' })],
];

const residentMiB = ({ pid }: Product): number => {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) / 1_024);
};

const MEMORY_GROWTH_MIB_MAX = 150;

export const hostileCommandResult: Drill = {
  name: 'hostile-command-result',
  threats: ['T-21', 'T-61'],
  attempt: `an agent answers a command in ${REPLIES.length} hostile ways: escape sequences, megabytes, deep nesting, no command at all`,
  expected:
    'the step fails; what is stored and shown is short and without control characters; memory stays flat',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const beforeMiB = residentMiB(product);
    await Promise.all(REPLIES.map(([what, reply]) => answered(stage, findings, what, reply())));
    const afterMiB = residentMiB(product);
    findings.saw(`${beforeMiB} MiB before, ${afterMiB} MiB after`);
    findings.check(
      afterMiB - beforeMiB < MEMORY_GROWTH_MIB_MAX,
      `memory grew from ${beforeMiB} to ${afterMiB} MiB`,
    );
    return findings.finding();
  },
};

const answered = async (
  stage: Stage,
  findings: Findings,
  what: string,
  reply: AgentReply,
): Promise<void> => {
  const { product } = stage;
  const machine = await stage.played();
  const agent = await startPlayedAgent({
    address: machine.machine.address,
    certificate: machine.certificate,
    key: machine.key,
    reply: () => reply,
  });
  try {
    await machine.beat({ sequence: 1 });
    const node = await restingState(product, machine.uuid, ['inspect wait', 'inspecting']);
    const state = shown(node['provision_state']);
    findings.saw(state);
    findings.check(state === 'inspect failed', `${what}: the node is ${state}`);
    const error = shown(node['last_error']);
    findings.check(
      error.length <= TEXT_CHARS_MAX,
      `${what}: last_error has ${error.length} characters`,
    );
    const history = await product.api('GET', `/v1/nodes/${machine.uuid}/history?detail=true`);
    findings.check(!historyHasControl(history.body), `${what}: the history has control characters`);
    findings.check(!hasControl(error), `${what}: last_error has control characters`);
  } finally {
    await agent.close();
  }
};

const historyHasControl = (body: unknown): boolean => {
  const entries = isJsonObject(body) ? body['history'] : undefined;
  if (!Array.isArray(entries)) return false;
  return entries.some((entry) => isJsonObject(entry) && hasControl(shown(entry['event'])));
};

/** Characters that would do something to the terminal of whoever reads it. */
const hasControl = (text: string): boolean => /[\p{Cc}\p{Cf}]/u.test(text);
