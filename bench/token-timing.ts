// T-15: whether the time that a wrong token takes tells how much of it is right. Two kinds of wrong tokens, one that
// begins as the right one and one that does not, in random order; Welch's t over what each took. The slowest
// twentieth of all is left out: that is the machine, not the comparison.

import { randomBytes, randomInt } from 'node:crypto';

import {
  decideHeartbeat,
  type HeartbeatFacts,
  type HeartbeatRules,
  type SessionFacts,
} from '../packages/service/src/trust/agent-token/decide-heartbeat.ts';
import { makeToken } from '../packages/service/src/trust/agent-token/grant.ts';

import type { Bench } from './measurement.ts';

const SAMPLES = 100_000;
const SAMPLES_QUICK = 20_000;
const WARM_UP = 5_000;
/** Beyond this a difference is taken for one; chance alone hardly ever gets there. */
const T_MAX = 4.5;
const KEPT_SHARE = 0.95;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const anotherCharacter = (than: string): string => {
  const others = ALPHABET.replace(than, '');
  return others[randomInt(others.length)] ?? '';
};

/** As a request brings it: one piece of memory, however it was put together. */
const asReceived = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');

type Sample = { readonly isNear: boolean; readonly ns: number };

const meanAndVariance = (values: readonly number[]): readonly [number, number] => {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return [mean, squares / (values.length - 1)];
};

const welch = (one: readonly number[], other: readonly number[]): number => {
  const [meanA, varianceA] = meanAndVariance(one);
  const [meanB, varianceB] = meanAndVariance(other);
  return (meanA - meanB) / Math.sqrt(varianceA / one.length + varianceB / other.length);
};

const takeSamples = (count: number): readonly Sample[] => {
  const { token, hash } = makeToken();
  const right = token.reveal();
  const last = right.at(-1) ?? '';
  const session: SessionFacts = {
    id: 'session',
    state: 'BOUND',
    route: 'vmedia',
    tokenHash: hash,
    pin: null,
    callbackUrl: 'https://192.0.2.10:9999',
    address: '192.0.2.10',
    trustLevel: 2,
    isSigning: false,
    sequence: 0,
  };
  const rules: HeartbeatRules = {
    allowedNetworks: [],
    isLoopbackAllowed: false,
    requireTls: true,
    nowMs: 0,
    clockSkewMs: 0,
    minTrustLevel: 1,
  };
  const heartbeat: Omit<HeartbeatFacts, 'token'> = {
    callbackUrl: 'https://192.0.2.10:9999',
    agentVersion: '11.9.0',
    certificatePem: undefined,
    status: undefined,
    sourceAddress: '192.0.2.10',
  };
  // Made beforehand and in one way, so that nothing but the characters differs between the kinds.
  const tries = Array.from({ length: count + WARM_UP }, () => {
    const isNear = randomInt(2) === 0;
    const far = randomBytes(32).toString('base64url');
    const near = right.slice(0, -1) + anotherCharacter(last);
    return { isNear, token: asReceived(isNear ? near : far) };
  });
  const samples = tries.map(({ isNear, token: wrong }): Sample => {
    const facts = { ...heartbeat, token: wrong };
    const beginNs = process.hrtime.bigint();
    const decision = decideHeartbeat(session, facts, rules);
    const ns = Number(process.hrtime.bigint() - beginNs);
    if (decision.kind !== 'refuse') throw new Error('a wrong token was believed');
    return { isNear, ns };
  });
  return samples.slice(WARM_UP);
};

const timingOf = (samples: readonly Sample[]): number => {
  const all = samples.map(({ ns }) => ns).sort((a, b) => a - b);
  const mostNs = all[Math.floor(all.length * KEPT_SHARE)] ?? Infinity;
  const kept = samples.filter(({ ns }) => ns <= mostNs);
  const timesOf = (isNear: boolean): readonly number[] =>
    kept.filter((each) => each.isNear === isNear).map(({ ns }) => ns);
  return Math.abs(welch(timesOf(true), timesOf(false)));
};

export const tokenTiming: Bench = {
  name: 'token-timing',
  run: async ({ isQuick }) => {
    const count = isQuick ? SAMPLES_QUICK : SAMPLES;
    const t = timingOf(takeSamples(count));
    return [
      {
        what: `wrong tokens, right or wrong at first (${count})`,
        measured: t,
        unit: 't',
        limit: null,
        goal: `below ${T_MAX}`,
        isMet: t < T_MAX,
      },
    ];
  },
};
