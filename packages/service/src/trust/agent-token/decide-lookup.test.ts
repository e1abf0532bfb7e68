import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import {
  decideLookup,
  type LookupDecision,
  type LookupFacts,
  type LookupRules,
  type LookupSession,
} from './decide-lookup.ts';

const NOW_MS = 1_000_000;
const SETTLE_MS = 5_000;
const OWN = '10.99.0.51';
const OTHER = '10.99.0.52';
const PIN = 'ab'.repeat(32);

const OPEN: LookupSession = {
  state: 'OPEN',
  route: 'lookup',
  windowClosesMs: NOW_MS + 60_000,
  givenTo: null,
  givenAtMs: null,
  trustLevel: 1,
};
const GIVEN: LookupSession = { ...OPEN, state: 'GIVEN', givenTo: OWN, givenAtMs: NOW_MS - 1 };
const BOUND: LookupSession = { ...GIVEN, state: 'BOUND' };
const SETTLED: LookupSession = { ...BOUND, givenAtMs: NOW_MS - SETTLE_MS };
const SEALED: LookupSession = { ...OPEN, state: 'SEALED', route: 'vmedia', trustLevel: 2 };

const FACTS: LookupFacts = {
  nowMs: NOW_MS,
  isStateRight: true,
  session: OPEN,
  isCardKnown: true,
  sourceAddress: OWN,
  knownAddresses: [OWN],
  allowedNetworks: ['10.99.0.0/24'],
  minTrustLevel: 1,
  proof: undefined,
};
const RULES: LookupRules = { sourceCheck: 'lease', isWindowEnforced: true, settleMs: SETTLE_MS };

const decide = (
  facts: Partial<LookupFacts> = {},
  rules: Partial<LookupRules> = {},
): LookupDecision => decideLookup({ ...FACTS, ...facts }, { ...RULES, ...rules });

/** One word for a decision. */
const wordOf = (decision: LookupDecision): string => {
  if (decision.kind === 'deny') return decision.reason;
  return decision.kind === 'mask' ? decision.event : decision.kind;
};

const GRANT = { kind: 'grant', trustLevel: 1, pin: null, sealKey: null, isLate: false };
const PROOF = { isRight: true, pin: PIN, sealKey: 'key' } as const;

describe('a first lookup', () => {
  test('that passes every check gets a token', () => {
    assert.deepEqual(decide(), GRANT);
  });

  test('with a proof of its key gets it sealed to that key, and is trusted more', () => {
    assert.deepEqual(decide({ proof: PROOF, minTrustLevel: 2 }), {
      ...GRANT,
      trustLevel: 2,
      pin: PIN,
      sealKey: 'key',
    });
  });

  test('is denied for the first check that fails', () => {
    const wrong = { isRight: false, reason: 'signature' } as const;
    // Each row fails in one more way than the row before it, and earlier: the earlier check is the one that is told.
    const rows: readonly (readonly [string, Partial<LookupFacts>])[] = [
      ['trust', { minTrustLevel: 2 }],
      ['proof', { proof: wrong }],
      ['source', { sourceAddress: OTHER }],
      ['unknown', { isCardKnown: false }],
      ['close', { session: { ...OPEN, windowClosesMs: NOW_MS - 1 } }],
      ['window', { session: undefined }],
      ['state', { isStateRight: false }],
    ];
    let facts: Partial<LookupFacts> = {};
    for (const [word, more] of rows) {
      facts = { ...facts, ...more };
      assert.equal(wordOf(decide(more)), word);
      assert.equal(wordOf(decide(facts)), word);
    }
  });

  test('never falls back from a proof that is wrong to none', () => {
    const proof = { isRight: false, reason: 'date' } as const;

    assert.equal(wordOf(decide({ proof, minTrustLevel: 0 })), 'proof');
  });

  test('has until the end of its window; later only where the site is being moved over', () => {
    const session = { ...OPEN, windowClosesMs: NOW_MS };

    assert.equal(decide({ session }).kind, 'grant');
    assert.equal(decide({ session, nowMs: NOW_MS + 1 }).kind, 'close');
    assert.deepEqual(decide({ session, nowMs: NOW_MS + 1 }, { isWindowEnforced: false }), {
      ...GRANT,
      isLate: true,
    });
  });
});

test('the source is held against what the operator chose', () => {
  const outside = '192.0.2.1';
  const rows = [
    ['lease', OWN, [OWN], 'grant'],
    ['lease', `::ffff:${OWN}`, [OWN], 'grant'],
    ['lease', OTHER, [OWN], 'source'],
    ['lease', OWN, [], 'source'],
    ['network', OTHER, [OWN], 'grant'],
    ['network', outside, [outside], 'source'],
    ['off', outside, [], 'grant'],
  ] as const;
  for (const [sourceCheck, sourceAddress, knownAddresses, word] of rows) {
    assert.equal(wordOf(decide({ sourceAddress, knownAddresses }, { sourceCheck })), word);
  }
  assert.equal(wordOf(decide({ knownAddresses: undefined })), 'source');
  assert.equal(
    wordOf(decide({ sourceAddress: outside, allowedNetworks: [] }, { sourceCheck: 'network' })),
    'grant',
  );
});

test('what is asked when there is a token already', () => {
  const rows: readonly (readonly [LookupSession, string, string])[] = [
    [GIVEN, OWN, 'agent.lookup.repeat'],
    [GIVEN, OTHER, 'rival'],
    [{ ...GIVEN, givenAtMs: 0 }, OTHER, 'rival'],
    [BOUND, OWN, 'agent.lookup.repeat'],
    [BOUND, OTHER, 'rival'],
    [SETTLED, OWN, 'agent.lookup.repeat'],
    [SETTLED, OTHER, 'agent.lookup.rival'],
    [SEALED, OWN, 'agent.lookup.masked'],
    [SEALED, OTHER, 'source'],
    [{ ...SEALED, state: 'BOUND' }, OWN, 'agent.lookup.masked'],
  ];
  for (const [session, sourceAddress, word] of rows) {
    assert.equal(wordOf(decide({ session, sourceAddress })), word, `${session.state} ${word}`);
  }
});

test('nothing is told of a session that nobody believes, or that is polled', () => {
  for (const state of ['SUSPECT', 'REVOKED', 'CLOSED']) {
    assert.equal(wordOf(decide({ session: { ...GIVEN, state } })), 'window');
  }
  for (const session of [OPEN, GIVEN, BOUND, SEALED]) {
    assert.equal(wordOf(decide({ session: { ...session, route: 'poll' } })), 'window');
  }
});

// What happens to one session, in any order and from anywhere.
type Happening =
  | { readonly kind: 'lookup'; readonly from: string; readonly isProven: boolean }
  | { readonly kind: 'time'; readonly byMs: number }
  | { readonly kind: 'bind' }
  | { readonly kind: 'revoke' };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('lookup' as const),
      from: fc.constantFrom(OWN, OTHER, '10.99.0.53', '192.0.2.1'),
      isProven: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('time' as const),
      byMs: fc.constantFrom(1, SETTLE_MS, 30_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'bind' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'revoke' as const }) },
);

const AFTER: { readonly [kind: string]: string } = { close: 'CLOSED', rival: 'SUSPECT' };

/** What the store makes of a decision. */
const apply = (
  session: LookupSession,
  decision: LookupDecision,
  from: string,
  nowMs: number,
): LookupSession => {
  if (decision.kind === 'grant') {
    return { ...session, state: 'GIVEN', givenTo: from, givenAtMs: nowMs };
  }
  return { ...session, state: AFTER[decision.kind] ?? session.state };
};

test('of one boot there is never a second token, and never one for a second asker', () => {
  fc.assert(
    fc.property(
      fc.array(happening, { maxLength: 40 }),
      fc.constantFrom('lease', 'network', 'off'),
      fc.boolean(),
      (happenings, sourceCheck, isWindowEnforced) => {
        let session = OPEN;
        let nowMs = NOW_MS;
        const given: string[] = [];
        for (const each of happenings) {
          if (each.kind === 'time') nowMs += each.byMs;
          if (each.kind === 'bind' && session.state === 'GIVEN') {
            session = { ...session, state: 'BOUND' };
          }
          if (each.kind === 'revoke') session = { ...session, state: 'REVOKED' };
          if (each.kind !== 'lookup') continue;
          const decision = decide(
            {
              session,
              nowMs,
              sourceAddress: each.from,
              proof: each.isProven ? PROOF : undefined,
            },
            { sourceCheck, isWindowEnforced },
          );
          const isAlive = ['OPEN', 'GIVEN', 'BOUND'].includes(session.state);
          assert.ok(isAlive || decision.kind === 'deny', session.state);
          if (decision.kind === 'grant') given.push(each.from);
          if (decision.kind === 'mask') assert.notEqual(given.length, 0);
          session = apply(session, decision, each.from, nowMs);
        }
        assert.ok(given.length <= 1);
        if (sourceCheck === 'lease') assert.ok(given.every((from) => from === OWN));
      },
    ),
  );
});
