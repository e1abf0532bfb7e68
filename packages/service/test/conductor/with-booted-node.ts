// Nodes whose ramdisk was just started from a medium, and what their agents say first.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { HeartbeatRequest } from '#conductor/conductor';
import {
  type AgentSessionRecord,
  findOpenSession,
  insertSession,
  type NewAgentSession,
} from '#store/agent-sessions';
import { makeToken, sealToken } from '#trust/agent-token/grant';
import { openAuthority } from '#trust/certificate/authority';
import { issueAgentCertificate } from '#trust/certificate/issue-certificate';
import { pinOfCertificate } from '#trust/certificate/pin';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Subject } from './with-conductor.ts';
import { memoryKeys } from './with-engine.ts';

export const SOURCE = '192.0.2.10';
export const CALLBACK = `https://${SOURCE}:9999`;
export const INVALID_TOKEN = 'Invalid or missing agent token received.';

/** Certificates for the callback's address; each has a key of its own. */
export const makeCertificates = async (): Promise<readonly [string, string]> => {
  const directory = mkdtempSync(join(tmpdir(), 'bessemer-heartbeat-'));
  try {
    const nowMs = Date.now();
    const authority = await openAuthority(directory, nowMs);
    const issue = async (): Promise<string> => {
      const wish = { commonName: 'n', addresses: [SOURCE], nowMs };
      return (await issueAgentCertificate(authority, wish)).certificatePem;
    };
    return [await issue(), await issue()];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

export type Booted = {
  readonly uuid: NodeUuid;
  readonly token: string;
  readonly sessionId: string;
  readonly certificatePem: string;
};

/** It waits for the agent, and a session is sealed for it; `more` makes another one of it. */
export const bootNode = async (
  subject: Subject,
  certificatePem: string,
  more: Partial<NewAgentSession> = {},
): Promise<Booted> => {
  const { uuid } = await subject.makeNode({
    provisionState: 'wait call-back',
    targetProvisionState: 'active',
  });
  const sessionId = randomUUID();
  const { token, hash } = makeToken();
  const identity = { nodeUuid: uuid, sessionId, bootNumber: 1 };
  await insertSession(subject.store.db, {
    id: sessionId,
    nodeUuid: uuid,
    bootNumber: 1,
    route: 'vmedia',
    cause: 'deploy',
    state: 'SEALED',
    windowOpenedMs: 0,
    windowClosesMs: Number.MAX_SAFE_INTEGER,
    tokenHash: hash,
    tokenSealed: sealToken(memoryKeys(), token, identity),
    keySealed: '{}',
    certificate: certificatePem,
    pin: pinOfCertificate(certificatePem),
    trustLevel: 2,
    ...more,
  });
  return { uuid, token: token.reveal(), sessionId, certificatePem };
};

export const heartbeatOf = (
  { uuid, token, certificatePem }: Booted,
  more: Partial<HeartbeatRequest> = {},
): HeartbeatRequest => ({
  nodeIdent: uuid,
  callbackUrl: CALLBACK,
  token,
  agentVersion: '11.9.0',
  certificatePem,
  status: undefined,
  statusMessage: undefined,
  sourceAddress: SOURCE,
  ...more,
});

export const sessionOf = async (
  subject: Subject,
  { uuid }: Booted,
): Promise<AgentSessionRecord> => {
  const session = await findOpenSession(subject.store.db, uuid);
  if (session === undefined) throw new Error('the session is gone');
  return session;
};

/** For `assert.rejects`. */
export const isRefused =
  (status: number, text: string | RegExp) =>
  (error: unknown): boolean =>
    error instanceof Refusal &&
    error.status === status &&
    (typeof text === 'string' ? error.message === text : text.test(error.message));
