import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { Secret } from '#trust/secret';

import { type PendingToken, rotateToken, type TokenLine } from './rotate-token.ts';

/** What the store and the agent keep, whatever happens to the conductor. */
type World = {
  stored: string;
  pending: PendingToken | undefined;
  agentToken: string;
  agentSuccessor: string | undefined;
  made: number;
};

class Killed extends Error {}

const OLD = 'token-of-the-medium';

const makeWorld = (): World => ({
  stored: OLD,
  pending: undefined,
  agentToken: OLD,
  agentSuccessor: undefined,
  made: 0,
});

/** As our agent does: the successor takes over when it is used for the first time. */
const agentTakes = (world: World, offered: string): boolean => {
  if (offered === world.agentSuccessor) {
    world.agentToken = offered;
    world.agentSuccessor = undefined;
  }
  return offered === world.agentToken;
};

/** Each effect counts down to death twice: before it is done, and after. */
const makeLine = (
  world: World,
  livesFor: number,
  isStock = false,
): TokenLine & { readonly promote: (pending: PendingToken) => Promise<void> } => {
  let left = livesFor;
  const step = async <T>(work: () => T): Promise<T> => {
    left -= 1;
    if (left < 0) throw new Killed();
    const result = work();
    left -= 1;
    if (left < 0) throw new Killed();
    return result;
  };
  return {
    makeToken: () => {
      world.made += 1;
      const text = `new-${world.made}`;
      return { token: new Secret(text), hash: text };
    },
    storePending: (pending) =>
      step(() => {
        world.pending = pending;
      }),
    dropPending: () =>
      step(() => {
        world.pending = undefined;
      }),
    send: (pending) =>
      step(() => {
        assert.ok(agentTakes(world, world.stored), 'the token in the store must be the agent’s');
        if (isStock) return 'unsupported';
        world.agentSuccessor = pending.token.reveal();
        return 'taken';
      }),
    isAlive: (pending) => step(() => agentTakes(world, pending.token.reveal())),
    promote: (pending) =>
      step(() => {
        world.stored = pending.token.reveal();
        world.pending = undefined;
      }),
  };
};

/** One life of a conductor: what is left of the one before is looked at first, as the first contact does. */
const live = async (world: World, livesFor: number, isStock = false): Promise<boolean> => {
  const line = makeLine(world, livesFor, isStock);
  const left = world.pending;
  try {
    const isLeftInUse = left !== undefined && !isStock && (await line.isAlive(left));
    const rotation = isLeftInUse
      ? { kind: 'rotated' as const, pending: left }
      : await rotateToken(line, left);
    if (rotation.kind === 'rotated') await line.promote(rotation.pending);
    return true;
  } catch (error) {
    if (error instanceof Killed) return false;
    throw error;
  }
};

test('the agent and the store end with one and the same new token, and nothing pending', async () => {
  const world = makeWorld();

  await live(world, Infinity);

  assert.notEqual(world.stored, OLD);
  assert.equal(world.stored, world.agentToken);
  assert.equal(world.pending, undefined);
});

test('killed before or after any statement, again and again, both sides still end with one token', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 12 }), { maxLength: 12 }), async (lives) => {
      const world = makeWorld();
      for (const livesFor of lives) await live(world, livesFor);

      await live(world, Infinity);

      assert.equal(world.stored, world.agentToken);
      assert.notEqual(world.stored, OLD);
      assert.equal(world.pending, undefined);
    }),
  );
});

test('a stock agent keeps the token of its medium, also when the conductor dies meanwhile', async () => {
  for (let livesFor = 0; livesFor < 8; livesFor += 1) {
    const world = makeWorld();
    await live(world, livesFor, true);

    await live(world, Infinity, true);

    assert.equal(world.stored, OLD);
    assert.equal(world.agentToken, OLD);
    assert.equal(world.pending, undefined);
  }
});

test('an agent that takes the new token and does not answer to it keeps the old one', async () => {
  const world = makeWorld();
  const line = makeLine(world, Infinity);
  let sent = 0;

  const rotation = await rotateToken(
    {
      ...line,
      send: async () => {
        sent += 1;
        return 'taken';
      },
      isAlive: async () => false,
    },
    undefined,
  );

  assert.deepEqual(rotation, { kind: 'kept', reason: 'refused' });
  assert.equal(sent, 2);
  assert.equal(world.pending, undefined);
});
