// Learning who this machine is. Anything but 200 with a node is asked again, with growing random pauses, until
// the time is over; then the process ends and the ramdisk starts it anew.

import type { LookupResponse } from '@bessemer/protocol/agent/lookup';
import { isJsonObject } from '@bessemer/protocol/json';
import type { Clock } from '#clock';
import type { AgentLog } from './agent-log.ts';
import type { ServiceClient, SignCall } from './service-client.ts';
import type { SpokenVersions } from './service-version.ts';

export type LookupParts = {
  readonly client: ServiceClient;
  readonly versions: () => Promise<SpokenVersions>;
  readonly macs: readonly string[];
  readonly nodeUuid: string | null;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly log: AgentLog;
  /** Proof of the key that the agent will listen with; made anew for each try. */
  readonly sign?: SignCall;
};

const PAUSE_MS_MAX = 60_000;
/** A locked node is busy with something that takes a while. */
const LOCKED_PAUSES_MS = [5_000, 10_000, 30_000] as const;

export class LookupTimedOut extends Error {
  constructor(timeoutMs: number) {
    super(`the service did not say within ${timeoutMs / 1000} s which node this machine is`);
    this.name = 'LookupTimedOut';
  }
}

export const lookUpNode = async (parts: LookupParts): Promise<LookupResponse> => {
  const { clock, log } = parts;
  const endsAtMs = clock.monotonicMs() + parts.timeoutMs;
  let pauseMs = parts.intervalMs;
  let lockedCount = 0;
  for (;;) {
    const attempt = await tryLookup(parts);
    if (attempt.found !== null) return attempt.found;
    log.say(`lookup: ${attempt.reason}`);
    const lockedMs = attempt.isLocked
      ? (LOCKED_PAUSES_MS[Math.min(lockedCount, LOCKED_PAUSES_MS.length - 1)] ?? 0)
      : 0;
    if (attempt.isLocked) lockedCount += 1;
    const waitMs = lockedMs + pauseMs;
    if (clock.monotonicMs() + waitMs >= endsAtMs) throw new LookupTimedOut(parts.timeoutMs);
    await clock.sleep(waitMs);
    pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * (1 + clock.random()));
  }
};

type Attempt = {
  readonly found: LookupResponse | null;
  readonly reason: string;
  readonly isLocked: boolean;
};

const tryLookup = async (parts: LookupParts): Promise<Attempt> => {
  const query = new URLSearchParams({ addresses: parts.macs.join(',') });
  if (parts.nodeUuid !== null) query.set('node_uuid', parts.nodeUuid);
  try {
    const { lookup } = await parts.versions();
    const answer = await parts.client.call({
      method: 'GET',
      path: `/v1/lookup?${query.toString()}`,
      version: lookup,
      ...(parts.sign === undefined ? {} : { sign: parts.sign }),
    });
    const found = answer.status === 200 ? lookupOf(answer.body) : null;
    const reason = answer.status === 200 ? 'the answer names no node' : faultOf(answer);
    return { found, reason, isLocked: answer.status === 409 };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { found: null, reason, isLocked: false };
  }
};

const lookupOf = (body: unknown): LookupResponse | null => {
  if (!isJsonObject(body) || !isJsonObject(body['node']) || !isJsonObject(body['config'])) {
    return null;
  }
  const timeout = body['config']['heartbeat_timeout'];
  if (typeof body['node']['uuid'] !== 'string' || typeof timeout !== 'number') return null;
  return body as unknown as LookupResponse;
};

/** The API wraps JSON in a string; an agent must cope with both. */
export const faultOf = (answer: { readonly status: number; readonly body: unknown }): string => {
  const prefix = `the service answered ${answer.status}`;
  if (!isJsonObject(answer.body)) return prefix;
  let fault: unknown = answer.body['error_message'];
  if (typeof fault === 'string') {
    try {
      fault = JSON.parse(fault);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  const text = isJsonObject(fault) ? (fault['faultstring'] ?? fault['title']) : fault;
  return typeof text === 'string' ? `${prefix}: ${text}` : prefix;
};
