// A node whose session is bound to an agent, as a job of the conductor finds it.

import { randomUUID } from 'node:crypto';

import { type ConductorParts, DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import type { Job } from '#conductor/workflow/step';
import { makeLog } from '#observe/log';
import { insertSession } from '#store/agent-sessions';
import type { Store } from '#store/database';
import { insertNode } from '#store/nodes';
import { bindPolledSession } from '#store/polled-sessions';
import { type makeToken, sealToken } from '#trust/agent-token/grant';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { makeHandClock } from '../drivers/hand-clock.ts';
import type { FakeAgent } from './fake-agent.ts';
import { FAKE_INTERFACES, memoryKeys } from './with-engine.ts';

export const FENCE = 7;

export type Binding = {
  readonly store: Store;
  readonly sessionId: string;
  readonly token: ReturnType<typeof makeToken>;
  readonly place: Pick<FakeAgent, 'callbackUrl' | 'address'>;
  readonly pin: string;
  readonly trustLevel?: number;
  readonly parts?: Partial<ConductorParts>;
};

export const bindAgent = async ({
  store,
  sessionId,
  token,
  place,
  pin,
  trustLevel = 2,
  parts: more = {},
}: Binding): Promise<Pick<Job, 'node' | 'parts' | 'fence'>> => {
  const clock = makeHandClock();
  const nowMs = clock.wallMs();
  const nodeUuid = randomUUID() as NodeUuid;
  const node = await insertNode(
    store.db,
    { uuid: nodeUuid, driver: 'fake-hardware', interfaces: FAKE_INTERFACES },
    { nowMs },
  );
  const identity = { nodeUuid, sessionId, bootNumber: 1 };
  await insertSession(store.db, {
    id: sessionId,
    nodeUuid,
    bootNumber: 1,
    route: 'poll',
    cause: 'deploy',
    state: 'SEALED',
    windowOpenedMs: nowMs,
    windowClosesMs: nowMs + 1,
    tokenHash: token.hash,
    tokenSealed: sealToken(memoryKeys(), token.token, identity),
    keySealed: '',
    certificate: '',
    pin,
    trustLevel,
  });
  await bindPolledSession(store.db, sessionId, {
    callbackUrl: place.callbackUrl,
    address: place.address,
    agentVersion: '1',
    startedAtMs: nowMs,
    isProven: true,
    nowMs,
  });
  const log = makeLog({ level: 'silent' });
  const parts = {
    store,
    keys: memoryKeys(),
    clock,
    log,
    options: DEFAULT_CONDUCTOR_OPTIONS,
    ...more,
  } as unknown as ConductorParts;
  return { node, parts, fence: FENCE };
};
