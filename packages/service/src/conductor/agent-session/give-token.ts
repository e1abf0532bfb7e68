// What a lookup changes: the token is given, the window ends, or two asked and neither is believed. Each is one
// conditional update on the state that was decided over; who comes second changes nothing.

import { TOKEN_MASK } from '@bessemer/protocol/agent/token';
import type { SealedToken } from '@bessemer/protocol/agent/trust';

import {
  type AgentSessionRecord,
  closeSession,
  giveToken,
  suspectSession,
} from '#store/agent-sessions';
import { wakeWorkflow } from '#store/workflows';
import { makeToken, sealToken } from '#trust/agent-token/grant';
import { sealTokenTo } from '#trust/agent-token/sealed-token';

import type { ConductorParts } from '../conductor-parts.ts';
import { noteEvent, tokenMark } from '../trust-events.ts';

export type Grant = {
  readonly trustLevel: number;
  readonly pin: string | null;
  /** The token comes sealed to this key when the agent sent one. */
  readonly sealKey: string | null;
  readonly isLate: boolean;
  readonly to: string;
  readonly requestId: string | undefined;
};

const aboutSession = (session: AgentSessionRecord) => ({
  nodeUuid: session.nodeUuid,
  sessionId: session.id,
  bootNumber: session.bootNumber,
});

/** The token, once, after it is durable; undefined when another lookup was first. */
export const grantToken = async (
  parts: ConductorParts,
  session: AgentSessionRecord,
  grant: Grant,
): Promise<{ readonly token: string; readonly sealed: SealedToken | null } | undefined> => {
  const { store, keys, clock, options } = parts;
  const { token, hash } = makeToken();
  const tokenSealed = sealToken(keys, token, {
    nodeUuid: session.nodeUuid,
    sessionId: session.id,
    bootNumber: session.bootNumber,
  });
  const isGiven = await store.transaction(async (transaction) => {
    options.grantFaultPoint?.('before');
    const given = {
      tokenHash: hash,
      tokenSealed,
      to: grant.to,
      nowMs: clock.wallMs(),
      trustLevel: grant.trustLevel,
      pin: grant.pin,
    };
    if (!(await giveToken(transaction, session.id, given))) return false;
    await noteEvent(transaction, parts, {
      name: 'agent.lookup.granted',
      ...aboutSession(session),
      source: grant.to,
      requestId: grant.requestId,
      outcome: 'changed',
      detail: {
        token: tokenMark(hash),
        trust_level: grant.trustLevel,
        ...(grant.isLate ? { after_window: true } : {}),
      },
    });
    options.grantFaultPoint?.('stored');
    return true;
  });
  if (!isGiven) return undefined;
  options.grantFaultPoint?.('committed');
  return grant.sealKey === null
    ? { token: token.reveal(), sealed: null }
    : { token: TOKEN_MASK, sealed: sealTokenTo(grant.sealKey, token, session.id) };
};

/** Nobody asked in time. */
export const endWindow = (parts: ConductorParts, session: AgentSessionRecord): Promise<boolean> =>
  parts.store.transaction(async (transaction) => {
    const nowMs = parts.clock.wallMs();
    const isClosed = await closeSession(transaction, session.nodeUuid, {
      reason: 'timeout',
      nowMs,
      only: { id: session.id, state: 'OPEN' },
    });
    if (!isClosed) return false;
    await wakeWorkflow(transaction, session.nodeUuid);
    await noteEvent(transaction, parts, {
      name: 'agent.session.closed',
      ...aboutSession(session),
      outcome: 'changed',
      detail: { reason: 'timeout' },
    });
    return true;
  });

/** A second address asked for the token of this boot. */
export const suspectRivals = (
  parts: ConductorParts,
  session: AgentSessionRecord,
  rival: string,
): Promise<boolean> =>
  parts.store.transaction(async (transaction) => {
    if (!(await suspectSession(transaction, session.id))) return false;
    await wakeWorkflow(transaction, session.nodeUuid);
    await noteEvent(transaction, parts, {
      name: 'agent.lookup.rival',
      ...aboutSession(session),
      source: rival,
      outcome: 'changed',
      detail: { given_to: session.givenTo },
      text: `${rival} asked for the token that ${session.givenTo ?? 'another'} had been given.`,
    });
    return true;
  });
