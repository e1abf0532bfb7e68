// Every state and every verb, as clients know them: what is answered, where the node goes, and at what it aims. The
// conductor behind the API takes requests and has no workers, so that each node stays where its verb put it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import type { ProvisionState } from '@bessemer/protocol/node/states';

import { openService, type Service } from './provision/with-service.ts';

type Row = {
  readonly target_provision_state: string | null;
  readonly transitions: {
    readonly [event: string]: { readonly to: string; readonly source: string };
  };
  readonly since: string;
};

type Machine = {
  readonly states: { readonly [state: string]: Row };
  readonly verbs: { readonly [verb: string]: { readonly event: string; readonly since: string } };
};

const MACHINE = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../test/fixtures/state-machine.json'), 'utf8'),
) as Machine;

/** What a verb needs beside its name. */
const ARGUMENTS: { readonly [verb: string]: object } = {
  clean: { clean_steps: [{ interface: 'deploy', step: 'erase_devices' }] },
  service: { service_steps: [{ interface: 'deploy', step: 'burnin_cpu' }] },
  rescue: { rescue_password: 'a password' },
};

const VERBS = Object.entries(MACHINE.verbs);
const STATES = Object.entries(MACHINE.states) as [ProvisionState, Row][];

const minorBelow = (version: string): string => `1.${Number(version.slice('1.'.length)) - 1}`;

let service: Service;
before(async () => {
  service = await openService({ conductor: { workersMax: 0 } });
});
after(() => service.close());

const expectedOf = (state: Row, verb: string) => {
  const transition = state.transitions[MACHINE.verbs[verb]?.event ?? ''];
  return transition?.source === 'api' ? transition : undefined;
};

describe('each verb, asked of a node', () => {
  for (const [state, row] of STATES) {
    test(`that is ${state}`, async () => {
      for (const [verb] of VERBS) {
        const node = await service.makeNode({
          provisionState: state,
          targetProvisionState: row.target_provision_state as ProvisionState | null,
        });

        const answer = await service.tell(node.uuid, { target: verb, ...ARGUMENTS[verb] });

        const now = await service.nodeOf(node.uuid);
        const expected = expectedOf(row, verb);
        if (expected === undefined) {
          assert.equal(answer.status, 400, `${verb}: ${answer.text}`);
          assert.equal(
            answer.fault,
            `The requested action "${verb}" can not be performed on node "${node.uuid}" while it is in state "${state}".`,
          );
          assert.deepEqual(now, node);
          continue;
        }
        assert.equal(answer.status, 202, `${verb}: ${answer.text}`);
        assert.equal(answer.text, '');
        assert.equal(now.provisionState, expected.to, verb);
        const own = MACHINE.states[expected.to]?.target_provision_state ?? null;
        assert.equal(now.targetProvisionState, verb === 'clean' ? 'manageable' : own, verb);
      }
    });

    test(`that is ${state}, and locked`, async () => {
      for (const [verb] of VERBS) {
        const node = await service.makeNode({ provisionState: state, reservation: 'another' });

        const answer = await service.tell(node.uuid, { target: verb, ...ARGUMENTS[verb] });

        if (expectedOf(row, verb) !== undefined) continue;
        assert.equal(answer.status, 409, `${verb}: ${answer.text}`);
        assert.match(answer.fault ?? '', /is locked by host another, please retry/);
      }
    });
  }
});

/** A state from which the verb is possible at its first version already. */
const stateFor = (verb: string): ProvisionState => {
  if (verb === 'abort') return 'clean wait';
  const found = STATES.find(([, row]) => expectedOf(row, verb) !== undefined);
  if (found === undefined) throw new Error(`no state takes ${verb}`);
  return found[0];
};

describe('verbs are there from their version on', () => {
  for (const [verb, { since }] of VERBS) {
    test(`${verb} since ${since}`, async () => {
      const body = { target: verb, ...ARGUMENTS[verb] };
      const provisionState = stateFor(verb);
      const young = await service.makeNode({ provisionState });
      const old = await service.makeNode({ provisionState });

      const now = await service.tell(young.uuid, body, since);
      const before =
        since === '1.1' ? 406 : (await service.tell(old.uuid, body, minorBelow(since))).status;

      assert.equal(now.status, 202, now.text);
      assert.equal(before, 406);
    });
  }
});

test('a verb that does not exist is 400, in words of the state', async () => {
  const node = await service.makeNode({ provisionState: 'active' });

  const { status, fault } = await service.tell(node.uuid, { target: 'dance' });

  assert.equal(status, 400);
  assert.match(fault ?? '', /^The requested action "dance" can not be performed/);
});

test('a locked node is told so whatever is asked', async () => {
  const node = await service.makeNode({ provisionState: 'active', reservation: 'another' });

  assert.equal((await service.tell(node.uuid, { target: 'dance' })).status, 409);
});

test('a conductor with too much to do takes no more, and says what is protected first', async () => {
  const busy = await openService({ conductor: { workersMax: 0, queuedMax: 1 } });
  try {
    const [first, second] = [await busy.makeNode(), await busy.makeNode()];
    const guarded = await busy.makeNode({ provisionState: 'active', protected: true });

    await busy.told(first.uuid, { target: 'manage' });
    const refused = await busy.tell(second.uuid, { target: 'manage' });
    const forbidden = await busy.tell(guarded.uuid, { target: 'deleted' });
    const power = await busy.ask('PUT', `/v1/nodes/${second.uuid}/states/power`, {
      body: { target: 'power on' },
    });

    assert.equal(refused.status, 503);
    assert.equal(power.status, 503, 'a power action needs a worker too');
    assert.match(refused.fault ?? '', /lack of free conductor workers/);
    assert.deepEqual(await busy.nodeOf(second.uuid), second);
    assert.equal(forbidden.status, 403);
  } finally {
    await busy.close();
  }
});
