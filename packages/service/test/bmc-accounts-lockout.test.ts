// A BMC that locks accounts after three refusals, and a service that asks it with right and wrong passwords by all its
// ways in any order, while the BMC misbehaves: no account is ever locked. A thousand steps take some seconds; fewer would
// seldom bring three ways together.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import * as fc from 'fast-check';

import type { Credential } from '#trust/secret-store/secret-store';

import { Failure } from '@bessemer/protocol/errors/failure';

import type { FaultName } from '../../lab/src/bmc/faults.ts';
import { credential } from './bmc-accounts/credentials.ts';
import { openLabBoth, type BothBench } from './bmc-accounts/lab-both.ts';

const THRESHOLD = 3;
const RUNS = 20;
const STEPS = 50;
/** Of an account that is looked for: more are wrong than right. */
const PASSWORDS = ['Abcd-2345-Efgh-6', 'Zyxw-9876-Vuts-5', 'Plan-2345-Efgh-6', 'Gues-2345-Efgh-6'];

const step = fc.oneof(
  fc.record({
    kind: fc.constantFrom('redfish', 'ipmi', 'power'),
    username: fc.constantFrom('admin', 'bsmr-a'),
    password: fc.constantFrom(...PASSWORDS, 'factory-password'),
  }),
  fc.record({ kind: fc.constant('set'), password: fc.constantFrom(...PASSWORDS) }),
  fc.record({
    kind: fc.constant('fault'),
    fault: fc.constantFrom<FaultName>(
      'password-cut',
      'password-ignored',
      'account-answer-lost',
      'drop-connection',
      'unavailable',
      'lost-sessions',
      'stale-etag',
      'restart',
      'fixed-slots',
      'no-account-patch',
      'sessions-survive',
    ),
    isOn: fc.boolean(),
  }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const take = async (bench: BothBench, each: Step, administrator: Credential): Promise<void> => {
  const { bmc, door, ipmiDoor, driver, node } = bench;
  if (each.kind === 'fault' && 'fault' in each) {
    return each.isOn ? bmc.faults.set(each.fault, 2) : bmc.faults.clear(each.fault);
  }
  if (!('password' in each)) return;
  if (!('username' in each)) {
    const wished = credential('bsmr-a', each.password);
    return void (await door.set(node, administrator, { id: null, credential: wished }));
  }
  const as = credential(each.username, each.password);
  if (each.kind === 'redfish') return door.proveLogin(node, as);
  if (each.kind === 'ipmi') return ipmiDoor.proveLogin(node, as);
  const login = { redfish_username: each.username, redfish_password: each.password };
  await driver.power.fetchState({ ...node, driverInfo: { ...node.driverInfo, ...login } });
};

const open = async (context: Pick<TestContext, 'after'>): Promise<BothBench> => {
  const bench = await openLabBoth(context);
  bench.bmc.faults.set('lockout', THRESHOLD);
  bench.ipmi.faults.set('lockout', THRESHOLD);
  return bench;
};

for (const isTold of [true, false]) {
  test(`${isTold ? 'where the BMC tells its limit' : 'where it does not'}, no order of logins, changes and faults locks an account`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: STEPS, maxLength: STEPS }), async (steps) => {
        const undo: (() => unknown)[] = [];
        const bench = await open({ after: (work) => undo.push(work as () => unknown) });
        try {
          if (isTold) await bench.door.fetchLimits(bench.node, bench.administrator);
          for (const each of steps) {
            await take(bench, each, bench.administrator).catch((error: unknown) => {
              if (!(error instanceof Failure)) throw error;
            });
            const locked = bench.bmc.accounts.filter(({ lockedUntilMs }) => lockedUntilMs > 0);
            assert.deepEqual(locked, []);
          }
        } finally {
          for (const work of undo.toReversed()) await work();
        }
      }),
      { numRuns: RUNS },
    );
  });
}
