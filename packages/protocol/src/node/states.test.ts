import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import {
  afterEvent,
  PROVISION_STATES,
  type ProvisionEvent,
  type ProvisionState,
  stateRow,
} from './states.ts';
import { PROVISION_VERBS } from './verbs.ts';

const STATES = Object.keys(PROVISION_STATES) as ProvisionState[];
const EVENTS = [
  ...new Set(STATES.flatMap((state) => Object.keys(stateRow(state).transitions))),
] as ProvisionEvent[];

const anyState = fc.constantFrom(...STATES);
const anyEvent = fc.constantFrom(...EVENTS);
const anyTarget = fc.option(anyState, { nil: null });

test('an event leads to the state that its row names, and nowhere when the row lacks it', () => {
  fc.assert(
    fc.property(anyState, anyEvent, anyTarget, (state, event, target) => {
      const change = afterEvent(state, event, target);

      const row = stateRow(state).transitions[event];
      assert.equal(change?.state, row?.to);
    }),
  );
});

test('a state at rest without a goal of its own shows no target, unless the event brought one', () => {
  fc.assert(
    fc.property(anyState, anyEvent, anyTarget, (state, event, target) => {
      const change = afterEvent(state, event, target);
      fc.pre(change !== undefined);
      const row = stateRow(change.state);
      fc.pre(row.isStable && row.target === null);

      assert.equal(change.target, null);
    }),
  );
});

test('a state on its way always shows a target, so that waiting clients do not give up', () => {
  fc.assert(
    fc.property(anyState, anyEvent, anyTarget, (state, event, target) => {
      const change = afterEvent(state, event, target);
      fc.pre(change !== undefined && !stateRow(change.state).isStable);

      assert.notEqual(change?.target, null);
    }),
  );
});

test('manual cleaning keeps its own target when the event brings it', () => {
  const change = afterEvent('cleaning', 'wait', 'manageable', 'manageable');

  assert.deepEqual(change, { state: 'clean wait', target: 'manageable' });
});

test('every verb fires an event that some state knows', () => {
  const known = new Set<string>(EVENTS);

  const unknown = Object.values(PROVISION_VERBS).filter(({ event }) => !known.has(event));

  assert.deepEqual(unknown, []);
});

test('every state can be left again by something', () => {
  const dead = STATES.filter((state) => Object.keys(stateRow(state).transitions).length === 0);

  assert.deepEqual(dead, []);
});
