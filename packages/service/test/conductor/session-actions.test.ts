// What an administrator does with the session of an agent: sees it, ends it, opens a window for it by hand.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import {
  type Ground,
  type Machine,
  type MachineWish,
  makeGround,
  openMachine,
} from './with-machine.ts';

const MINUTE_MS = 60_000;
const SETTLE_MS = 5_000;
const CALLER = { user: 'operator', sourceAddress: '192.0.2.1', requestId: 'req-1' };
const STEPS = [
  { step: 'first', reboot_requested: false },
  { step: 'second', reboot_requested: true },
];

let ground: Ground;
let machine: Machine;

before(async () => {
  ground = await makeGround();
});
after(() => ground.remove());
afterEach(() => machine.close());

const startCleaning = async (wish: MachineWish): Promise<void> => {
  machine = await openMachine(ground, wish);
  await machine.conductor().requestProvision(machine.uuid, { verb: 'provide' });
  await machine.untilStep('wait_for_agent');
};

const lookUp = async (): Promise<string> => {
  const token = (await machine.lookup())?.config['agent_token'];
  assert.ok(typeof token === 'string');
  return token;
};

const revoke = (reason?: string): Promise<void> =>
  machine.conductor().revokeAgentSession(machine.uuid, { ...CALLER, reason });

const openWindow = (): Promise<void> => machine.conductor().openAgentWindow(machine.uuid, CALLER);

const isRefusal =
  (status: number, pattern: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Refusal && error.status === status && pattern.test(error.message);

describe('a session that is revoked', () => {
  test('while its agent is awaited takes the work with it, and says why', async () => {
    await startCleaning({ route: 'network' });
    const token = await lookUp();

    await revoke('lost');

    await assert.rejects(machine.heartbeat(token), isRefusal(400, /token/));
    const node = await machine.untilRest();
    assert.equal(node.provisionState, 'clean failed');
    assert.match(node.lastError ?? '', /taken away \(lost\)/);
    assert.equal((await machine.workflow()).failure?.code, 'agent.session-revoked');
    assert.equal(machine.effects.at(-1), 'power off');
    assert.equal(node.powerState, 'power off');
  });

  test('has no token, key, medium or window any more from the moment of the answer', async () => {
    await startCleaning({ route: 'vmedia' });

    await revoke();

    const row = await machine.store.db
      .selectFrom('agent_session')
      .selectAll()
      .executeTakeFirstOrThrow();
    const medium = await machine.store.db
      .selectFrom('boot_medium')
      .selectAll()
      .executeTakeFirstOrThrow();
    assert.deepEqual(
      [row.state, row.token_sealed, row.key_sealed, row.close_reason],
      ['REVOKED', null, null, 'by request'],
    );
    assert.deepEqual([medium.revoked_ms === null, medium.overlay_sealed], [false, '']);
    assert.equal(await machine.lookup(), undefined);
  });

  test('is sent no further command', async () => {
    await startCleaning({ route: 'network', steps: STEPS });
    const token = await lookUp();
    machine.agent.restart(token);
    await machine.heartbeat(token);
    machine.clock.advance(SETTLE_MS);
    await machine.until(async () => machine.agent.done().includes('first'));

    await revoke('lost');

    assert.equal((await machine.untilRest()).provisionState, 'clean failed');
    assert.deepEqual(machine.agent.done(), ['steps', 'first']);
    // The machine was changed already: a person should look at it.
    assert.equal((await machine.node()).maintenance, true);
  });

  test('is in the audit log with who did it, and its token is known as a dead one', async () => {
    await startCleaning({ route: 'network' });
    const token = await lookUp();
    await revoke('lost');
    await machine.untilRest();

    await assert.rejects(machine.heartbeat(token));

    const rows = await machine.store.db.selectFrom('audit').selectAll().orderBy('seq').execute();
    const revoked = rows.find(({ event }) => event === 'agent.session.revoked');
    assert.deepEqual(JSON.parse(revoked?.detail ?? ''), {
      reason: 'lost',
      user: 'operator',
      state: 'GIVEN',
    });
    assert.deepEqual([revoked?.source, revoked?.request_id], ['192.0.2.1', 'req-1']);
    assert.ok(rows.some(({ event }) => event === 'agent.token.stale_use'));
    assert.ok(rows.every((row) => !JSON.stringify(row).includes(token)));
  });

  test('must be there', async () => {
    machine = await openMachine(ground, { route: 'network' });

    await assert.rejects(revoke(), isRefusal(400, /no agent session/));
  });

  test('does not keep the next boot from being trusted', async () => {
    await startCleaning({ route: 'network', steps: STEPS.slice(0, 1) });
    await revoke();
    await machine.untilRest();
    await machine.conductor().requestProvision(machine.uuid, { verb: 'manage' });
    await machine.conductor().requestProvision(machine.uuid, { verb: 'provide' });
    await machine.untilStep('wait_for_agent');

    const token = await lookUp();
    machine.agent.restart(token);
    await machine.heartbeat(token);
    machine.clock.advance(SETTLE_MS);

    assert.equal((await machine.untilRest()).provisionState, 'available');
  });
});

describe('a window that is opened by hand', () => {
  test('lets the next lookup have a token, after the first window was over', async () => {
    const options = { lookupWindowMs: MINUTE_MS };
    await startCleaning({ route: 'network', options, steps: STEPS.slice(0, 1) });
    machine.clock.advance(MINUTE_MS + 1);
    await machine.until(async () => (await machine.sessions())[0]?.state === 'CLOSED');
    assert.equal(await machine.lookup(), undefined);
    await machine.untilStep('wait_for_agent');

    await openWindow();

    const [open, closed] = await machine.sessions();
    assert.deepEqual([closed?.close_reason, open?.state, open?.boot_no], ['timeout', 'OPEN', 2]);
    const token = await lookUp();
    machine.agent.restart(token);
    await machine.heartbeat(token);
    machine.clock.advance(SETTLE_MS);
    assert.equal((await machine.untilRest()).provisionState, 'available');
    assert.ok((await machine.events()).includes('agent.window.opened'));
  });

  test('is the same one, for longer, while nobody has asked', async () => {
    await startCleaning({ route: 'network', options: { lookupWindowMs: 10 * MINUTE_MS } });
    const [before] = await machine.sessions();
    machine.clock.advance(MINUTE_MS);
    await machine.untilStep('wait_for_agent');

    await openWindow();

    const [after, ...others] = await machine.sessions();
    assert.deepEqual([after?.id, others.length], [before?.id, 0]);
    assert.equal(Number(after?.window_closes_ms) - Number(before?.window_closes_ms), MINUTE_MS);
  });

  test('ends the token that the first asker was given', async () => {
    await startCleaning({ route: 'network' });
    const first = await lookUp();

    await openWindow();

    await assert.rejects(machine.heartbeat(first), isRefusal(400, /token/));
    assert.notEqual(await lookUp(), first);
  });

  test('is only for a machine that is awaited, and gets its token by lookup', async () => {
    machine = await openMachine(ground, { route: 'network' });
    await assert.rejects(openWindow(), isRefusal(400, /not waiting/));
    await machine.close();

    await startCleaning({ route: 'vmedia' });
    await assert.rejects(openWindow(), isRefusal(400, /boot medium/));
  });
});

test('sessions are shown newest first, without anything secret', async () => {
  await startCleaning({ route: 'network' });
  const token = await lookUp();
  await openWindow();

  const shown = await machine.conductor().agentSessions(machine.uuid);

  assert.deepEqual(
    shown.map(({ boot_no: bootNumber, state }) => [bootNumber, state]),
    [
      [2, 'OPEN'],
      [1, 'CLOSED'],
    ],
  );
  assert.match(String(shown[1]?.['token']), /^tok:[0-9a-f]{8}$/);
  const text = JSON.stringify(shown);
  const [row] = await machine.store.db
    .selectFrom('agent_session')
    .select('token_hash')
    .where('boot_no', '=', 1)
    .execute();
  assert.ok(!text.includes(token) && !text.includes(row?.token_hash ?? ''));
});
