// A BMC that locks accounts after three refused logins, and rotations that meet a thousand faults of the BMC and the
// secret store, and deaths of the process, by lot: no account is ever locked, and at the end a login works.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeSecretsSwitch } from './bmc-kill/faulty-secrets.ts';
import { rotateHere } from './bmc-kill/here.ts';
import { type Lot, lot, oneOf } from './bmc-kill/lot.ts';
import { requireSafe } from './bmc-kill/matrix.ts';
import { openScene, type Scene } from './bmc-kill/scene.ts';

const SEED = Number(process.env['BESSEMER_BMC_LOCKOUT_SEED'] ?? Math.floor(Math.random() * 1e9));
const FAULTS = 1_000;
/** Of the places of a rotation. */
const FAULT_SHARE = 0.3;
const ROTATIONS_PER_NODE = 8;
const HOUR_MS = 3_600_000;

type Mishap = 'death' | 'store' | readonly [fault: string, value?: number];
const MISHAPS: readonly Mishap[] = [
  'death',
  'death',
  'death',
  'store',
  ['account-answer-lost'],
  ['drop-connection'],
  ['drop-connection', 5],
  ['unavailable', 2],
  ['unavailable', 6],
  ['stale-etag', 2],
  ['lost-sessions'],
  ['restart'],
  ['password-ignored'],
  ['password-late', 2_000],
  ['password-special'],
  ['password-too-soon', 60],
  ['limits-hidden'],
];

class Death extends Error {}

type Storm = { readonly next: Lot; faults: number; readonly counts: Map<string, number> };

const rotateInStorm = async (scene: Scene, storm: Storm, trigger: 'adopt' | 'request') => {
  const secrets = makeSecretsSwitch();
  const strike = (mishap: Mishap): void => {
    storm.faults += 1;
    const name = typeof mishap === 'string' ? mishap : mishap[0];
    storm.counts.set(name, (storm.counts.get(name) ?? 0) + 1);
    if (mishap === 'death') throw new Death();
    if (mishap === 'store') secrets.trouble = oneOf(storm.next, ['away', 'sealed', 'unauthorised']);
    else scene.bmc.setFault(...mishap);
  };
  return rotateHere(scene, trigger, {
    secrets: secrets.over,
    isDeath: (error) => error instanceof Death,
    faultPoint: () => {
      assert.ok(!scene.bmc.isAnyLocked(), 'an account was locked');
      if (storm.next() < FAULT_SHARE) strike(oneOf(storm.next, MISHAPS));
    },
    onWait: () => {
      secrets.trouble = undefined;
      if (storm.next() < 0.5) scene.bmc.mend();
    },
  });
};

const weather = async (storm: Storm, strategy: 'dual' | 'single'): Promise<void> => {
  const scene = await openScene({
    driver: 'redfish',
    secrets: { kind: 'embedded' },
    options: { strategy },
  });
  try {
    for (let done = 0; done < ROTATIONS_PER_NODE && storm.faults < FAULTS; done += 1) {
      const { record } = await rotateInStorm(scene, storm, done === 0 ? 'adopt' : 'request');
      const told = `${strategy} ${done} ${record.state}: ${record.lastResult?.text}`;
      assert.ok(['managed', 'degraded', 'unmanaged'].includes(record.state), told);
      const life = await scene.open();
      await requireSafe(scene, life);
      await life.close();
      scene.passTime(Math.floor(storm.next() * 24) * HOUR_MS);
    }
    // The weather is fine again: whatever was left is put right.
    scene.bmc.mend();
    scene.passTime(24 * HOUR_MS);
    const { record } = await rotateHere(scene, 'request');
    assert.deepEqual(
      [record.state, record.lastResult?.outcome],
      ['managed', 'succeeded'],
      record.lastResult?.text,
    );
    assert.ok(!scene.bmc.isAnyLocked(), 'an account was locked');
  } finally {
    await scene.close();
  }
};

test('no account is ever locked by rotations, whatever happens a thousand times', async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const storm: Storm = { next: lot(SEED), faults: 0, counts: new Map() };
  let nodes = 0;
  for (; storm.faults < FAULTS; nodes += 1) {
    await weather(storm, nodes % 2 === 0 ? 'dual' : 'single');
  }
  const counts = [...storm.counts].map(([name, count]) => `${name} ${count}`);
  t.diagnostic(`${storm.faults} on ${nodes} nodes: ${counts.join(', ')}`);
});
