import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { makeHandClock } from '../../test/drivers/hand-clock.ts';
import { makeLoginBudget } from './login-budget.ts';

const LIMITS = { loginRefusalsMax: 2, loginWindowMs: 600_000 };
const login = (password: string, username = 'admin', origin = 'https://bmc') => ({
  origin,
  username,
  password,
});

test('a refused password is held back until the window has passed', () => {
  const clock = makeHandClock();
  const budget = makeLoginBudget(clock, LIMITS);
  budget.noteRefused(login('wrong'));

  assert.throws(() => budget.require(login('wrong')), { code: 'bmc.login-budget' });
  clock.advance(599_999);
  assert.throws(() => budget.require(login('wrong')), { code: 'bmc.login-budget' });
  clock.advance(1);
  assert.doesNotThrow(() => budget.require(login('wrong')));
});

test('another password is tried while one refusal is left', () => {
  const budget = makeLoginBudget(makeHandClock(), LIMITS);
  budget.noteRefused(login('wrong'));

  assert.doesNotThrow(() => budget.require(login('right')));
  budget.noteRefused(login('right'));
  assert.throws(() => budget.require(login('third')), { code: 'bmc.login-budget' });
});

test('accounts and BMCs have budgets of their own', () => {
  const budget = makeLoginBudget(makeHandClock(), LIMITS);
  budget.noteRefused(login('wrong'));

  assert.doesNotThrow(() => budget.require(login('wrong', 'other')));
  assert.doesNotThrow(() => budget.require(login('wrong', 'admin', 'https://other')));
});

test('an accepted login forgives the refusals before it', () => {
  const budget = makeLoginBudget(makeHandClock(), LIMITS);
  budget.noteRefused(login('wrong'));
  budget.noteAccepted(login('right'));

  assert.doesNotThrow(() => budget.require(login('wrong')));
});

test('the failure names account, BMC and remedy, and not the password', () => {
  const budget = makeLoginBudget(makeHandClock(), LIMITS);
  budget.noteRefused(login('s3cret-pw'));

  assert.throws(
    () => budget.require(login('s3cret-pw')),
    (error: Error) =>
      /https:\/\/bmc.*"admin".*600 s.*driver_info/.test(error.message) &&
      !error.message.includes('s3cret-pw'),
  );
});

test('no order of tries and pauses refuses an account more than twice within the window', () => {
  const steps = fc.array(
    fc.record({
      password: fc.constantFrom('a', 'b', 'c'),
      pauseMs: fc.integer({ min: 0, max: 400_000 }),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (tries) => {
      const clock = makeHandClock();
      const budget = makeLoginBudget(clock, LIMITS);
      const refusedAtMs: number[] = [];
      for (const { password, pauseMs } of tries) {
        clock.advance(pauseMs);
        if (isHeld(() => budget.require(login(password)))) continue;
        budget.noteRefused(login(password));
        refusedAtMs.push(clock.monotonicMs());
      }
      return refusedAtMs.every((atMs, index) => {
        const third = refusedAtMs[index + 2];
        return third === undefined || third - atMs >= LIMITS.loginWindowMs;
      });
    }),
  );
});

const isHeld = (work: () => void): boolean => {
  try {
    work();
    return false;
  } catch {
    return true;
  }
};

test('a password that was refused is tried again once the account was given it', () => {
  const budget = makeLoginBudget(makeHandClock(), LIMITS);
  budget.noteRefused(login('new'));

  budget.notePasswordSet(login('new'));

  assert.doesNotThrow(() => budget.require(login('new')));
  budget.noteRefused(login('new'));
  assert.throws(() => budget.require(login('third')), { code: 'bmc.login-budget' });
});

for (const [threshold, triesMax] of [
  [1, 1],
  [3, 1],
  [5, 3],
  [100, 4],
] as const) {
  test(`a BMC that locks after ${threshold} refusals is tried ${triesMax} times`, () => {
    const clock = makeHandClock();
    const budget = makeLoginBudget(clock, LIMITS);
    budget.noteLimits('https://bmc', { threshold, windowMs: 1_800_000 });
    const isOpen = (): boolean => {
      try {
        budget.require(login('next'));
        return true;
      } catch {
        return false;
      }
    };

    let tries = 0;
    for (; isOpen(); tries += 1) budget.noteRefused(login(`wrong ${tries}`));
    clock.advance(1_799_999);

    assert.equal(tries, triesMax);
    assert.equal(isOpen(), false);
  });
}
