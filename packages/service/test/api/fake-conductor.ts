// A conductor in memory: it knows the state table and the nodes' rows, and keeps what it was asked. For tests of
// routes, which end where the conductor begins.

import { randomBytes } from 'node:crypto';

import type { JournalEntry } from '@bessemer/protocol/node/journal-entry';
import type {
  Conductor,
  HeartbeatRequest,
  LookupAnswer,
  LookupRequest,
  ProvisionRequest,
  SessionCaller,
  TrustEvent,
} from '#conductor/conductor';
import type { Store } from '#store/database';
import { findNode, updateNode } from '#store/nodes';
import { keepDriverInfo, openDriverInfo } from '#trust/driver-secrets';
import { makeKeyRing } from '#trust/key-ring';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { afterEvent } from '@bessemer/protocol/node/states';
import { PROVISION_VERBS } from '@bessemer/protocol/node/verbs';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { makeFakeBreakGlassDoor } from './fake-break-glass-door.ts';
import { type CredentialAsked, makeFakeCredentialDoor } from './fake-credential-door.ts';
import { type HardwareAsked, makeFakeHardwareDoor } from './fake-hardware-door.ts';

export type FakeConductor = Conductor & {
  readonly hardware: HardwareAsked[];
  readonly provisions: ProvisionRequest[];
  readonly powers: { readonly target: string; readonly timeoutMs: number | undefined }[];
  readonly heartbeats: HeartbeatRequest[];
  readonly events: TrustEvent[];
  readonly lookups: LookupRequest[];
  readonly opened: SessionCaller[];
  readonly revoked: (SessionCaller & { readonly reason: string | undefined })[];
  readonly nudged: string[];
  readonly addJournal: (node: NodeUuid, entry: JournalEntry) => void;
  readonly credentials: CredentialAsked[];
  lookupAnswer: LookupAnswer | undefined;
  heartbeatRefusal: Refusal | undefined;
};

export const makeFakeConductor = (store: Store): FakeConductor => {
  const listeners = new Set<() => void>();
  const keys = makeKeyRing(new Map([['kek-1', randomBytes(32)]]));
  const entries: JournalEntry[] = [];
  const require = async (node: NodeUuid): Promise<NodeRecord> => {
    const found = await findNode(store.db, node);
    if (found === undefined) throw new Error('no such node');
    return found;
  };
  let device: { device: string | null; isPersistent: boolean | null } = {
    device: null,
    isPersistent: null,
  };
  const hardware: HardwareAsked[] = [];
  const credentials: CredentialAsked[] = [];
  const fake: FakeConductor = {
    ...makeFakeHardwareDoor(hardware),
    ...makeFakeBreakGlassDoor(),
    ...makeFakeCredentialDoor(credentials),
    credentials,
    hardware,
    hostname: 'conductor-1',
    provisions: [],
    powers: [],
    heartbeats: [],
    events: [],
    lookups: [],
    opened: [],
    revoked: [],
    nudged: [],
    lookupAnswer: undefined,
    heartbeatRefusal: undefined,
    addJournal: (_node, entry) => {
      entries.push(entry);
      for (const listener of listeners) listener();
    },
    requestProvision: async (uuid, request) => {
      const node = await require(uuid);
      const { event } = PROVISION_VERBS[request.verb];
      const change = afterEvent(node.provisionState, event, node.targetProvisionState);
      if (change === undefined) throw new Refusal(400, 'no such event');
      fake.provisions.push(request);
      await updateNode(store.db, uuid, {
        provisionState: change.state,
        targetProvisionState: change.target,
      });
    },
    keepDriverInfo: async (uuid, given, before) => keepDriverInfo(keys, uuid, given, before),
    openDriverInfo: async (node) => openDriverInfo(keys, node),
    requestPower: async (_uuid, target, options) => {
      fake.powers.push({ target, timeoutMs: options.timeoutMs });
    },
    fetchBootDevice: async () => device,
    setBootDevice: async (_uuid, name, { isPersistent }) => {
      device = { device: name, isPersistent };
    },
    supportedBootDevices: async () => ['pxe', 'disk'],
    injectNmi: async () => undefined,
    validate: async () => ({ power: { result: true }, boot: { result: false, reason: 'no iso' } }),
    nudgeAllocation: (uuid) => {
      fake.nudged.push(uuid);
    },
    lookup: async (request) => {
      fake.lookups.push(request);
      return fake.lookupAnswer;
    },
    heartbeat: async (request) => {
      if (fake.heartbeatRefusal !== undefined) throw fake.heartbeatRefusal;
      fake.heartbeats.push(request);
    },
    agentSessions: async () => [{ boot_no: 1, state: 'BOUND' }],
    openAgentWindow: async (_uuid, caller) => {
      fake.opened.push(caller);
    },
    revokeAgentSession: async (_uuid, caller) => {
      fake.revoked.push(caller);
    },
    noteEvent: async (event) => {
      fake.events.push(event);
    },
    continueInspection: async () => fake.lookupAnswer,
    why: async (uuid) => {
      const node = await require(uuid);
      return {
        node: uuid,
        name: node.name,
        provisionState: node.provisionState,
        targetProvisionState: node.targetProvisionState,
        isBusy: false,
        workflow: null,
        step: null,
        waitsFor: null,
        since: null,
        until: null,
        on: null,
        remedy: null,
        failure: null,
      };
    },
    journal: async (_uuid, { afterSeq, limit }) =>
      entries.filter((entry) => entry.seq > afterSeq).slice(0, limit),
    onJournal: (_uuid, listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: async () => undefined,
  };
  return fake;
};
