// The table in code against the table recorded from a reference service.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { PROVISION_STATES, stateRow, type ProvisionState } from '@bessemer/protocol/node/states';
import { PROVISION_VERBS } from '@bessemer/protocol/node/verbs';

type RecordedState = {
  readonly stable: boolean;
  readonly target_provision_state: string | null;
  readonly transitions: {
    readonly [event: string]: { readonly to: string; readonly source: string };
  };
  readonly since: string;
  readonly delete_allowed: boolean;
  readonly patch_allowed_while_target_set: boolean;
  readonly agent_lookup_allowed: boolean;
  readonly agent_lookup_allowed_fast_track: boolean;
};

const recorded = JSON.parse(
  readFileSync(new URL('./fixtures/state-machine.json', import.meta.url), 'utf8'),
) as {
  readonly states: { readonly [state: string]: RecordedState };
  readonly verbs: { readonly [verb: string]: { readonly event: string; readonly since: string } };
};

test('the states are the recorded ones, no more and no fewer', () => {
  assert.deepEqual(Object.keys(PROVISION_STATES).sort(), Object.keys(recorded.states).sort());
});

for (const [name, state] of Object.entries(recorded.states)) {
  test(`${name} has the recorded transitions and marks`, () => {
    const row = stateRow(name as ProvisionState);

    assert.deepEqual(row.transitions, state.transitions);
    assert.equal(row.isStable, state.stable);
    assert.equal(row.target, state.target_provision_state);
    assert.equal(row.since, state.since);
    assert.equal(row.isDeletable, state.delete_allowed);
    assert.equal(row.isPatchableWhileTargetSet, state.patch_allowed_while_target_set);
    assert.equal(row.isLookupAllowed, state.agent_lookup_allowed);
    assert.equal(row.isLookupAllowedFastTrack, state.agent_lookup_allowed_fast_track);
  });
}

test('the verbs fire the recorded events from the recorded versions on', () => {
  assert.deepEqual({ ...PROVISION_VERBS }, recorded.verbs);
});
