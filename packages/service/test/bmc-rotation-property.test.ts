import { test } from 'node:test';

import * as fc from 'fast-check';

import type { BmcWays } from './bmc-credential/model-bmc.ts';
import {
  requireGoodEnd,
  requireKnown,
  requireNoLockout,
  requireNoOrphans,
  requireWayIn,
} from './bmc-credential/rotation-invariants.ts';
import { Crash, finish, openSite, type Site } from './bmc-credential/rotation-site.ts';

/** More runs find more; these take ten seconds on a machine with nothing else to do. */
const RUNS = Number(process.env['BMC_ROTATION_RUNS'] ?? 60);

type Loss = 'before' | 'after' | undefined;

const losses = (callsMax: number): fc.Arbitrary<readonly Loss[]> =>
  fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom('before' as const, 'after' as const) },
    ),
    { maxLength: callsMax },
  );

const world = fc.record({
  strategy: fc.constantFrom('dual' as const, 'single' as const),
  standbyPolicy: fc.constantFrom('scramble' as const, 'disable' as const, 'keep' as const),
  isGivenDisabled: fc.boolean(),
  cutBytes: fc.constantFrom(undefined, 16, 20),
  delayCalls: fc.constantFrom(0, 0, 0, 0, 1, 3, 6),
  hasAgent: fc.boolean(),
  demandsChange: fc.constantFrom(false, false, true),
  liesCount: fc.constantFrom(0, 0, 0, 1, 2),
  refused: fc.constantFrom('nothing', 'plain', 'short', 'special', 'all'),
  lockoutThreshold: fc.constantFrom(undefined, 3, 4, 6),
  resetsAt: fc.option(fc.integer({ min: 3, max: 60 }), { nil: undefined, freq: 5 }),
  bmcLosses: losses(60),
  storeLosses: losses(80),
  crashes: fc.uniqueArray(fc.integer({ min: 1, max: 220 }), { maxLength: 8 }),
  rotations: fc.integer({ min: 1, max: 3 }),
});

type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

const REFUSALS: { readonly [name: string]: (password: string) => boolean } = {
  nothing: () => false,
  plain: (password) => !/[-_.]/.test(password),
  short: (password) => password.length < 20,
  special: (password) => /[-_.]/.test(password),
  all: () => true,
};

const waysOf = ({
  cutBytes,
  liesCount,
  refused,
  lockoutThreshold,
  resetsAt,
  bmcLosses,
  delayCalls,
  demandsChange,
}: World): BmcWays => ({
  ...(cutBytes === undefined ? {} : { cutBytes }),
  ...(lockoutThreshold === undefined ? {} : { lockoutThreshold }),
  ...(resetsAt === undefined ? {} : { resetsAt }),
  liesCount,
  delayCalls,
  demandsChange,
  refuses: REFUSALS[refused] ?? (() => false),
  loses: (call) => bmcLosses[call],
});

const check = async (site: Site): Promise<void> => {
  requireKnown(site);
  requireNoLockout(site);
  await requireWayIn(site);
};

test('nobody is ever locked out, whatever fails and whenever the process is killed', async () => {
  await fc.assert(
    fc.asyncProperty(world, async (each) => {
      const site = await openSite({
        bmc: waysOf(each),
        ...(each.hasAgent ? { inBand: ({ inBand }) => inBand } : {}),
        secrets: { fails: (call) => each.storeLosses[call] },
        options: {
          strategy: each.strategy,
          standbyPolicy: each.standbyPolicy,
          isGivenDisabled: each.isGivenDisabled,
        },
      });
      try {
        const crashes = new Set(each.crashes);
        site.atPoint = async (name, when, count) => {
          // In the middle of a transaction the database is asked by nobody else.
          if (!name.startsWith('commit') || when === 'before') await check(site);
          if (crashes.has(count)) throw new Crash(name);
        };
        for (let done = 0; done < each.rotations; done += 1) {
          await site.begin({ trigger: done === 0 ? 'adopt' : 'request' });
          await finish(site);
          await check(site);
          await requireGoodEnd(site);
          await requireNoOrphans(site);
        }
      } finally {
        await site.close();
      }
    }),
    { numRuns: RUNS, endOnFailure: false },
  );
});
