import { randomUUID } from 'node:crypto';

import { systemClock } from '../../clock.ts';
import type { Drill } from '../drill.ts';
import { makeFindings } from '../findings.ts';
import { lookupPath, tokenIn } from '../stage/agent-words.ts';
import type { WireAnswer } from '../stage/wire.ts';

/** Enough that medians are steady, few enough for the limits: each from an address of its own. */
const SAMPLES = 60;
/** Of medians, on a machine that does other things too. */
const TIME_RATIO_MAX = 2;

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

export const lookupByUuid: Drill = {
  name: 'lookup-by-uuid',
  threats: ['T-03'],
  attempt: `lookups by UUID alone: of no node, of an idle one, of one in its window (${SAMPLES} each, from as many addresses)`,
  expected: '404 for all with one and the same body, and in the same time',
  run: async (stage) => {
    const findings = makeFindings();
    const { product } = stage;
    const [idle, open] = await Promise.all([
      stage.node({ boot_interface: 'ipxe' }),
      stage.networked(),
    ]);
    const kinds = {
      unknown: () => randomUUID(),
      idle: () => idle.uuid,
      'in its window': () => open.uuid,
    };
    const answers = new Map<string, { readonly ms: number; readonly answer: WireAnswer }[]>();
    for (let index = 0; index < SAMPLES; index += 1) {
      for (const [kind, uuid] of Object.entries(kinds)) {
        const startedMs = systemClock.monotonicMs();
        const path = lookupPath({ uuid: uuid() });
        const answer = await product.ramdisk(path, { from: stage.stranger() });
        const ms = systemClock.monotonicMs() - startedMs;
        answers.set(kind, [...(answers.get(kind) ?? []), { ms, answer }]);
      }
    }
    const all = [...answers.values()].flat();
    const bodies = new Set(all.map(({ answer }) => `${answer.status} ${answer.text}`));
    findings.saw([...new Set(all.map(({ answer }) => answer.status))].join(', '));
    findings.saw(`${bodies.size} different answers`);
    findings.check(bodies.size === 1, 'answers can be told apart');
    findings.check(
      all.every(({ answer }) => answer.status === 404 && tokenIn(answer) === null),
      'not all are 404',
    );
    const medians = [...answers].map(
      ([kind, samples]) => [kind, median(samples.map(({ ms }) => ms))] as const,
    );
    findings.saw(
      `medians ${medians.map(([kind, ms]) => `${kind} ${ms.toFixed(1)} ms`).join(', ')}`,
    );
    const times = medians.map(([, ms]) => ms);
    const ratio = Math.max(...times) / Math.min(...times);
    findings.check(ratio <= TIME_RATIO_MAX, `the slowest takes ${ratio.toFixed(1)} times as long`);
    return findings.finding();
  },
};
