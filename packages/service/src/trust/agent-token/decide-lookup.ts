// What a lookup is answered. Given facts, returns a decision. The order of checks is fixed; whatever fails first, the
// caller sees one and the same 404.

import { isInNetworks, isSameHost } from './source-address.ts';
import type { LookupProofVerdict } from './lookup-proof.ts';

export type LookupSession = {
  readonly state: string;
  readonly route: string;
  readonly windowClosesMs: number;
  readonly givenTo: string | null;
  readonly givenAtMs: number | null;
  readonly trustLevel: number;
};

export type LookupFacts = {
  readonly nowMs: number;
  /** The node is in a state in which a ramdisk of ours can run. */
  readonly isStateRight: boolean;
  /** Undefined: no boot of ours is open. */
  readonly session: LookupSession | undefined;
  /** At least one of the MACs that were sent is a port of the node that it may boot from. */
  readonly isCardKnown: boolean;
  readonly sourceAddress: string;
  /** Leased or given addresses of the MACs that were sent; undefined when nobody knows any. */
  readonly knownAddresses: readonly string[] | undefined;
  readonly allowedNetworks: readonly string[];
  readonly minTrustLevel: number;
  /** Undefined: a stock agent. */
  readonly proof: LookupProofVerdict | undefined;
};

export type LookupRules = {
  readonly sourceCheck: 'lease' | 'network' | 'off';
  readonly isWindowEnforced: boolean;
  readonly settleMs: number;
};

export type LookupDenial =
  | 'state'
  | 'window'
  | 'unknown'
  | 'source'
  | 'proof'
  | 'trust'
  | 'ambiguous';

export type LookupDecision =
  | { readonly kind: 'deny'; readonly reason: LookupDenial }
  /** The window is over: the session with it. */
  | { readonly kind: 'close' }
  /** The first lookup of this boot: make the token, store it, then answer. */
  | {
      readonly kind: 'grant';
      readonly trustLevel: number;
      readonly pin: string | null;
      readonly sealKey: string | null;
      readonly isLate: boolean;
    }
  | {
      readonly kind: 'mask';
      readonly event: 'agent.lookup.masked' | 'agent.lookup.repeat' | 'agent.lookup.rival';
    }
  /** Two asked for one token, and nothing tells which is ours: the mask, and nobody is believed any more. */
  | { readonly kind: 'rival' };

/** Proved to hold its key before it got the token. */
const PROVEN_LEVEL = 2;

const deny = (reason: LookupDenial): LookupDecision => ({ kind: 'deny', reason });

const isSourceRight = (facts: LookupFacts, rules: LookupRules): boolean => {
  const { sourceAddress, knownAddresses, allowedNetworks } = facts;
  if (rules.sourceCheck === 'off') return true;
  if (rules.sourceCheck === 'network') {
    return allowedNetworks.length === 0 || isInNetworks(sourceAddress, allowedNetworks);
  }
  return (knownAddresses ?? []).some((address) => isSameHost(address, sourceAddress));
};

/** Its token was given by lookup already. */
const decideAgain = (
  session: LookupSession,
  facts: LookupFacts,
  rules: LookupRules,
): LookupDecision => {
  const isSameSource = session.givenTo === facts.sourceAddress;
  if (isSameSource) return { kind: 'mask', event: 'agent.lookup.repeat' };
  const isSettling = facts.nowMs - (session.givenAtMs ?? 0) < rules.settleMs;
  return session.state === 'GIVEN' || isSettling
    ? { kind: 'rival' }
    : { kind: 'mask', event: 'agent.lookup.rival' };
};

export const decideLookup = (facts: LookupFacts, rules: LookupRules): LookupDecision => {
  const { session, proof } = facts;
  if (!facts.isStateRight) return deny('state');
  if (session === undefined) return deny('window');
  const isOpen = session.state === 'OPEN';
  const isGiven = session.route === 'lookup' && session.givenAtMs !== null;
  const isAlive = ['SEALED', 'GIVEN', 'BOUND'].includes(session.state);
  // A polled machine is told nothing by this way, whoever asks.
  if (session.route === 'poll' || (!isOpen && !isAlive)) return deny('window');
  const isLate = isOpen && facts.nowMs > session.windowClosesMs;
  if (isLate && rules.isWindowEnforced) return { kind: 'close' };
  if (isOpen && !facts.isCardKnown) return deny('unknown');
  // Somebody else's lookup of a given token is answered before its source is looked at: that there is a rival at all
  // must be seen, wherever it sits.
  if (isGiven) return decideAgain(session, facts, rules);
  if (!isSourceRight(facts, rules)) return deny('source');
  if (!isOpen) return { kind: 'mask', event: 'agent.lookup.masked' };
  if (proof?.isRight === false) return deny('proof');
  const trustLevel = proof === undefined ? session.trustLevel : PROVEN_LEVEL;
  if (trustLevel < facts.minTrustLevel) return deny('trust');
  return {
    kind: 'grant',
    trustLevel,
    pin: proof?.pin ?? null,
    sealKey: proof?.sealKey ?? null,
    isLate,
  };
};
