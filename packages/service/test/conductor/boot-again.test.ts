// Boots in the middle of the work, and the tokens that come and go with them.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { TOKEN_MASK, TOKEN_PATTERN } from '@bessemer/protocol/agent/token';

import {
  type Ground,
  type Machine,
  type MachineWish,
  makeGround,
  openMachine,
} from './with-machine.ts';

const OTHER = '192.0.2.66';
const MINUTE_MS = 60_000;
const SETTLE_MS = 5_000;
const STEPS = [
  { step: 'update_firmware', reboot_requested: true },
  { step: 'erase_devices', reboot_requested: false },
];

let ground: Ground;
let machine: Machine;

before(async () => {
  ground = await makeGround();
});
after(() => ground.remove());
afterEach(() => machine.close());

/** A node that is being cleaned, up to the wait for its agent. */
const startCleaning = async (wish: MachineWish): Promise<void> => {
  machine = await openMachine(ground, wish);
  await machine.conductor().requestProvision(machine.uuid, { verb: 'provide' });
  await machine.untilStep('wait_for_agent');
};

/** The token that a lookup gives now. */
const lookUp = async (): Promise<string> => {
  const token = (await machine.lookup())?.config['agent_token'];
  assert.ok(typeof token === 'string');
  return token;
};

/** The agent of the present boot has its token, and calls. */
const call = async (token: string): Promise<void> => {
  machine.agent.restart(token, await machine.identity());
  await machine.heartbeat(token);
  machine.clock.advance(SETTLE_MS);
};

const BOOT = ['power off', 'boot files', 'boot network', 'power on'];

const isStale = (error: unknown): boolean =>
  (error as { readonly event?: string }).event === 'agent.token.stale_use';

describe('a boot over the network', () => {
  test('T-01: opens its window only when the BMC says that the machine is off', async () => {
    machine = await openMachine(ground, { route: 'network' });
    machine.stuck = true;
    await machine.conductor().requestProvision(machine.uuid, { verb: 'provide' });

    const node = await machine.untilRest();

    assert.equal(node.provisionState, 'clean failed');
    assert.deepEqual(await machine.sessions(), []);
    assert.ok(machine.effects.every((effect) => effect === 'power off'));
    assert.equal(await machine.lookup(), undefined);
  });

  test('is not begun where no agent could be trusted enough by it', async () => {
    machine = await openMachine(ground, { route: 'network', options: { minTrustLevel: 3 } });
    await machine.conductor().requestProvision(machine.uuid, { verb: 'provide' });

    const node = await machine.untilRest();

    assert.match(node.lastError ?? '', /trust level 3, and this way of booting reaches 2/);
    assert.deepEqual(await machine.sessions(), []);
    assert.ok(!machine.effects.includes('power on'));
  });

  test('goes off, has its window, and only then gets power', async () => {
    await startCleaning({ route: 'network' });

    assert.deepEqual(machine.effects, BOOT);
    const [session] = await machine.sessions();
    assert.deepEqual([session?.state, session?.route, session?.boot_no], ['OPEN', 'lookup', 1]);
    assert.deepEqual(await machine.events(), ['agent.session.opened']);
  });

  test('is sent no command before a second asker had time to show up', async () => {
    await startCleaning({ route: 'network', steps: STEPS.slice(1) });
    const token = await lookUp();
    machine.agent.restart(token);
    await machine.heartbeat(token);
    machine.clock.advance(SETTLE_MS - 1);
    await machine.heartbeat(token);
    await machine.untilStep('wait_for_agent');

    assert.deepEqual(machine.agent.done(), []);
    machine.clock.advance(1);
    assert.equal((await machine.untilRest()).provisionState, 'available');
    assert.deepEqual(machine.agent.done(), ['steps', 'erase_devices']);
  });

  test('in which a second machine asks is not relied on, and the failure says what to do', async () => {
    await startCleaning({ route: 'network', steps: STEPS });
    const token = await lookUp();
    await machine.heartbeat(token);

    const answer = await machine.lookup({ sourceAddress: OTHER });

    assert.equal(answer?.config['agent_token'], TOKEN_MASK);
    const node = await machine.untilRest();
    assert.equal(node.provisionState, 'clean failed');
    assert.equal((await machine.workflow()).failure?.code, 'agent.rival');
    assert.match(String((await machine.conductor().why(machine.uuid)).remedy), /history/);
    assert.deepEqual(machine.agent.done(), []);
    assert.ok((await machine.events()).includes('agent.lookup.rival'));
  });

  test('in which two asked is followed by another one where the operator wants that, once', async () => {
    const options = { isRecoveredAutomatically: true };
    await startCleaning({ route: 'network', steps: STEPS.slice(1), options });
    const token = await lookUp();
    await machine.lookup({ sourceAddress: OTHER });
    await machine.until(async () => (await machine.sessions()).length === 2);
    await machine.untilStep('wait_for_agent');

    await assert.rejects(machine.heartbeat(token), isStale);
    await call(await lookUp());
    assert.equal((await machine.untilRest()).provisionState, 'available');

    assert.deepEqual(machine.effects.slice(0, 8), [...BOOT, ...BOOT]);
    const [, first] = await machine.sessions();
    assert.deepEqual([first?.state, first?.close_reason], ['CLOSED', 'recovery']);
  });

  test('in which two asked fails the second time', async () => {
    const options = { isRecoveredAutomatically: true };
    await startCleaning({ route: 'network', options });
    await lookUp();
    await machine.lookup({ sourceAddress: OTHER });
    await machine.until(async () => (await machine.sessions()).length === 2);
    await machine.untilStep('wait_for_agent');
    await lookUp();

    await machine.lookup({ sourceAddress: OTHER });

    assert.equal((await machine.untilRest()).provisionState, 'clean failed');
    assert.equal((await machine.sessions()).length, 2);
  });
});

describe('an answer with the token that was lost', () => {
  test('is repaired by one more boot, with another token', async () => {
    await startCleaning({ route: 'network', steps: STEPS.slice(1) });
    const lost = await lookUp();
    assert.equal(await lookUp(), TOKEN_MASK);

    machine.clock.advance(2 * MINUTE_MS);
    await machine.until(async () => (await machine.sessions()).length === 2);
    await machine.untilStep('wait_for_agent');

    assert.deepEqual(machine.effects, [...BOOT, ...BOOT]);
    await assert.rejects(machine.heartbeat(lost), isStale);
    const token = await lookUp();
    assert.match(token, TOKEN_PATTERN);
    assert.notEqual(token, lost);
    await call(token);
    assert.equal((await machine.untilRest()).provisionState, 'available');
    const events = await machine.events();
    assert.equal(events.filter((event) => event === 'agent.grant.retry').length, 1);
  });

  test('is repaired once only: then the wait ends by its own deadline', async () => {
    await startCleaning({ route: 'network' });
    await lookUp();
    machine.clock.advance(2 * MINUTE_MS);
    await machine.until(async () => (await machine.sessions()).length === 2);
    await machine.untilStep('wait_for_agent');
    await lookUp();

    machine.clock.advance(2 * MINUTE_MS);
    await machine.untilStep('wait_for_agent');
    machine.clock.advance(30 * MINUTE_MS);

    assert.equal((await machine.untilRest()).provisionState, 'clean failed');
    assert.equal((await machine.workflow()).failure?.code, 'agent.not-called');
    assert.equal((await machine.sessions()).length, 2);
  });
});

describe('a reboot that a step asks for', () => {
  test('ends a token that came by lookup before the machine goes off', async () => {
    await startCleaning({ route: 'network', steps: STEPS });
    const first = await lookUp();
    await call(first);
    await machine.until(async () => {
      machine.clock.advance(100);
      return (await machine.sessions()).length === 2;
    });
    await machine.untilStep('wait_for_agent');

    const [open, closed] = await machine.sessions();
    assert.deepEqual([closed?.state, closed?.close_reason], ['CLOSED', 'reboot']);
    assert.deepEqual([open?.state, open?.boot_no], ['OPEN', 2]);
    assert.deepEqual(machine.effects, [...BOOT, ...BOOT]);
    const lines = await machine.store.db.selectFrom('journal').selectAll().execute();
    const steps = lines.filter(({ event }) => event === 'ended').map(({ step }) => step);
    assert.ok(steps.indexOf('update_firmware') < steps.lastIndexOf('power_off'));
    await assert.rejects(machine.heartbeat(first), isStale);
    await call(await lookUp());
    assert.equal((await machine.untilRest()).provisionState, 'available');
    assert.deepEqual(machine.agent.done(), ['steps', 'update_firmware', 'erase_devices']);
  });

  test('keeps a token that is in a medium, and counts the boots', async () => {
    await startCleaning({ route: 'vmedia', steps: STEPS });
    const token = await machine.token();
    await call(token);
    await machine.until(async () => {
      machine.clock.advance(100);
      return (await machine.sessions())[0]?.media_boots === 1;
    });
    await machine.untilStep('wait_for_agent');

    const sessions = await machine.sessions();
    assert.equal(sessions.length, 1);
    assert.deepEqual([sessions[0]?.state, sessions[0]?.agent_version], ['SEALED', '11.9.0']);
    assert.equal(await machine.token(), token);
    await call(token);
    assert.equal((await machine.untilRest()).provisionState, 'available');
    assert.deepEqual(machine.agent.done(), ['steps', 'update_firmware', 'erase_devices']);
  });

  test('makes a new medium for an agent that signs', async () => {
    await startCleaning({ route: 'vmedia', steps: STEPS });
    const token = await machine.token();
    await call(token);
    await machine.store.db.updateTable('agent_session').set({ is_signing: 1 }).execute();
    await machine.until(async () => {
      machine.clock.advance(100);
      return (await machine.sessions()).length === 2;
    });
    await machine.untilStep('wait_for_agent');

    const [next, before] = await machine.sessions();
    assert.deepEqual([next?.state, next?.boot_no, before?.state], ['SEALED', 2, 'CLOSED']);
    assert.notEqual(await machine.token(), token);
  });

  test('makes a new medium when the old one served often enough', async () => {
    await startCleaning({ route: 'vmedia', steps: STEPS, options: { mediaBootsMax: 0 } });
    const token = await machine.token();
    await call(token);
    await machine.until(async () => {
      machine.clock.advance(100);
      return (await machine.sessions()).length === 2;
    });
    await machine.untilStep('wait_for_agent');

    assert.notEqual(await machine.token(), token);
    const media = await machine.store.db.selectFrom('boot_medium').selectAll().execute();
    assert.equal(media.filter(({ revoked_ms: revokedMs }) => revokedMs === null).length, 1);
    assert.equal(media.length, 2);
    await call(await machine.token());
    assert.equal((await machine.untilRest()).provisionState, 'available');
  });
});

test('an agent that restarts by itself in the middle of a step is suspect', async () => {
  await startCleaning({ route: 'vmedia', steps: STEPS });
  const token = await machine.token();
  await call(token);
  await machine.until(async () => machine.agent.done().includes('update_firmware'));

  machine.agent.restart(token);

  assert.equal((await machine.untilRest()).provisionState, 'clean failed');
  assert.equal((await machine.workflow()).failure?.code, 'agent.restarted');
  assert.ok((await machine.events()).includes('agent.restarted'));
});

describe('another conductor', () => {
  test('that takes over goes on with the same session and opens its token', async () => {
    await startCleaning({ route: 'network', steps: STEPS.slice(1) });
    const token = await lookUp();
    machine.agent.restart(token);
    await machine.heartbeat(token);

    await machine.replaceConductor();
    machine.clock.advance(SETTLE_MS);

    assert.equal((await machine.untilRest()).provisionState, 'available');
    assert.equal((await machine.sessions()).length, 1);
    assert.deepEqual(machine.agent.done(), ['steps', 'erase_devices']);
  });
});
