// Calls that rules make. A rule may put what a machine says into an address, so calls go only to hosts that the
// operator listed, never on to where an answer points, and never to addresses that mean this host or its cloud.

import { lookup as resolveName, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

import { Agent, errors, request } from 'undici';

import { Failure } from '@bessemer/protocol/errors/failure';

import type { Clock } from '#clock';
import { pause } from '#drivers/pause';
import { makeImageAddressRules } from '#media/image-network';

import type { ApiCall } from './work.ts';

const TIMEOUT_MS_MAX = 30_000;
const RETRIES_MAX = 5;
const RETRY_PAUSE_MS = 300;
/** Of one inspection: it keeps a worker, and others wait for one. */
const CALLS_MS_MAX = 300_000;
/** What is answered is not read further. */
const ANSWER_BYTES_MAX = 65_536;

/** The hosts are listed by name, so private networks are fine; what is left are addresses that nobody would list. */
const objectionTo = makeImageAddressRules(['0.0.0.0/0', '::/0']);

const failure = (call: ApiCall, why: string, isRetryable = false): Failure => {
  const host = URL.parse(call.url)?.host ?? 'nowhere';
  return new Failure('inspect.rule', `The call of an inspection rule to ${host} ${why}.`, {
    isRetryable,
  });
};

/** Listed as `host` for the usual port, or as `host:port`. Throws Failure. */
const requireListed = (call: ApiCall, hosts: readonly string[]): URL => {
  if (hosts.length === 0) {
    throw failure(call, 'is not made: [inspection_rules] api_call_hosts lists no hosts');
  }
  const url = URL.parse(call.url);
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (!isWeb || url.username !== '' || url.password !== '') {
    throw failure(call, 'is not made: its address is not a plain http or https URL');
  }
  const isListed = hosts.some((host) => host.toLowerCase() === url.host);
  if (!isListed) {
    throw failure(call, 'is not made: the host is not in [inspection_rules] api_call_hosts');
  }
  const address = url.hostname.replace(/^\[|\]$/g, '');
  const objection = isIP(address) === 0 ? undefined : objectionTo(address);
  if (objection !== undefined) throw failure(call, `is not made: the address ${objection}`);
  return url;
};

/** Judged where the connection is made: what a name meant a moment ago does not count. */
const judgedLookup: LookupFunction = (hostname, options, callback) => {
  resolveName(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const allowed = error === null ? addresses.filter(isAllowed) : [];
    const [first] = allowed;
    if (first === undefined) {
      callback(error ?? new Error(`${hostname} has no address that may be called`), '', 4);
    } else if (options.all === true) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};

const isAllowed = ({ address }: LookupAddress): boolean => objectionTo(address) === undefined;

/** One after another. Throws Failure for the first that is not made or not answered with 2xx. */
export const makeApiCalls = async (
  calls: readonly ApiCall[],
  hosts: readonly string[],
  clock: Clock,
): Promise<void> => {
  const urls = calls.map((call) => requireListed(call, hosts));
  const untilMs = clock.monotonicMs() + CALLS_MS_MAX;
  const dispatcher = new Agent({ connect: { lookup: judgedLookup } });
  try {
    for (const [index, call] of calls.entries()) {
      await makeCall(call, urls[index] as URL, { dispatcher, clock, untilMs });
    }
  } finally {
    await dispatcher.close();
  }
};

type CallParts = {
  readonly dispatcher: Agent;
  readonly clock: Clock;
  /** Of the monotonic clock. */
  readonly untilMs: number;
};

const makeCall = async (
  call: ApiCall,
  url: URL,
  { dispatcher, clock, untilMs }: CallParts,
): Promise<void> => {
  const retriesMax = Math.min(call.retryCountMax, RETRIES_MAX);
  for (let attempt = 0; ; attempt += 1) {
    if (clock.monotonicMs() >= untilMs) {
      throw failure(call, `is not made: those before it took ${CALLS_MS_MAX / 1_000} seconds`);
    }
    const problem = await attemptCall(call, url, dispatcher);
    if (problem === undefined) return;
    if (attempt >= retriesMax) throw problem;
    await pause(clock, RETRY_PAUSE_MS * 2 ** attempt);
  }
};

const attemptCall = async (
  call: ApiCall,
  url: URL,
  dispatcher: Agent,
): Promise<Failure | undefined> => {
  const timeoutMs = Math.max(1, Math.min(call.timeoutMs, TIMEOUT_MS_MAX));
  try {
    const answer = await request(url, {
      dispatcher,
      headers: call.headers,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: AbortSignal.timeout(timeoutMs),
    });
    await answer.body.dump({ limit: ANSWER_BYTES_MAX });
    const isGood = answer.statusCode >= 200 && answer.statusCode < 300;
    return isGood ? undefined : failure(call, `was answered with ${answer.statusCode}`, true);
  } catch (error) {
    if (!(error instanceof errors.UndiciError || error instanceof Error)) throw error;
    return failure(call, 'was not answered', true);
  }
};
