import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  isInDoubt,
  phasesAfter,
  requirePhaseChange,
  ROTATION_PHASES,
  type RotationPhase,
} from './rotation-phases.ts';

const STRATEGIES = ['dual', 'single'] as const;

const reachable = (strategy: (typeof STRATEGIES)[number]): ReadonlySet<RotationPhase> => {
  const seen = new Set<RotationPhase>(['begin']);
  for (const phase of seen) for (const next of phasesAfter(strategy, phase)) seen.add(next);
  return seen;
};

test('every phase is reached, and from each the end is', () => {
  for (const strategy of STRATEGIES) {
    const unused = ROTATION_PHASES.filter((phase) => !reachable(strategy).has(phase));
    assert.deepEqual(unused, strategy === 'dual' ? [] : ['retiring']);
    for (const phase of reachable(strategy)) {
      const ways = new Set<RotationPhase>([phase]);
      for (const each of ways) for (const next of phasesAfter(strategy, each)) ways.add(next);
      assert.ok(ways.has('done'), `${strategy} ${phase}`);
    }
  }
});

test('the BMC is told nothing that was not stored and read back', () => {
  for (const strategy of STRATEGIES) {
    const before = (phase: RotationPhase): readonly RotationPhase[] =>
      ROTATION_PHASES.filter((each) => phasesAfter(strategy, each).includes(phase));
    assert.deepEqual(before('staged'), ['storing']);
    // Told again only what was told before.
    assert.deepEqual(before('applying'), ['staged', 'recovering']);
  }
});

test('nothing is put to use that was not logged in with', () => {
  for (const strategy of STRATEGIES) {
    const before = ROTATION_PHASES.filter((each) =>
      phasesAfter(strategy, each).includes('committing'),
    );
    assert.deepEqual(before, ['verified']);
  }
});

test('a rotation that is in doubt can end only with what was found out', () => {
  assert.deepEqual(ROTATION_PHASES.filter(isInDoubt), [
    'applying',
    'verifying',
    'recovering',
    'correcting',
  ]);
});

test('a change that the table does not have is a defect', () => {
  requirePhaseChange('dual', 'begin', 'generated');
  requirePhaseChange('dual', 'begin', 'begin');
  assert.throws(() => requirePhaseChange('dual', 'begin', 'applying'), /does not go from begin/);
  assert.throws(() => requirePhaseChange('single', 'committing', 'retiring'), /single rotation/);
  assert.throws(() => requirePhaseChange('dual', 'done', 'begin'), /does not go from done/);
});
