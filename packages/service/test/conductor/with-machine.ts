// A conductor and one machine that boots our ramdisk, by the network or from a medium. The machine's power, its boot
// host and its BMC write down what was asked of them; its agent speaks when the test says so. Time is moved by hand.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Conductor, LookupAnswer, LookupRequest } from '#conductor/conductor';
import {
  type ConductorOptions,
  type ConductorParts,
  DEFAULT_CONDUCTOR_OPTIONS,
} from '#conductor/conductor-parts';
import { startConductor } from '#conductor/start-conductor';
import type { DriverRegistry, NodeDriver } from '#drivers/driver';
import { makeLog } from '#observe/log';
import { listSessionsOfNode } from '#store/agent-session-history';
import { listAudit } from '#store/audit';
import { openStore, type Store } from '#store/database';
import { findNode, insertNode } from '#store/nodes';
import { insertPort } from '#store/ports';
import { findLastWorkflow, type WorkflowRecord } from '#store/workflows';
import { openToken, sealContextOf } from '#trust/agent-token/grant';
import { type Authority, openAuthority } from '#trust/certificate/authority';
import {
  issueAgentCertificate,
  type IssuedCertificate,
} from '#trust/certificate/issue-certificate';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid, PortUuid } from '@bessemer/protocol/uuid';

import { type HandClock, makeHandClock } from '../drivers/hand-clock.ts';
import { makeBaseIso } from '../media/base-iso.ts';
import {
  type AgentIdentity,
  type OfferedStep,
  openStepAgent,
  type StepAgent,
} from './step-agent.ts';
import { FAKE_INTERFACES, memoryKeys } from './with-engine.ts';

export const MAC = '52:54:00:12:34:56';
/** Of the machine, where its agent listens too. */
export const SOURCE = '127.0.0.1';
/** Each lets the sockets and the store of this process go on; a step over TLS takes some hundreds. */
const TURNS_MAX = 50_000;
/** How far the clock goes in a turn while the machine works. */
const TURN_MS = 20;

export type Machine = {
  readonly conductor: () => Conductor;
  readonly store: Store;
  readonly clock: HandClock;
  readonly uuid: NodeUuid;
  readonly agent: StepAgent;
  /** What was asked of the machine, in order. */
  readonly effects: string[];
  /** The BMC says that it is still on. */
  stuck: boolean;
  readonly node: () => Promise<NodeRecord>;
  readonly workflow: () => Promise<WorkflowRecord>;
  readonly sessions: () => ReturnType<typeof listSessionsOfNode>;
  /** Of the open session; throws without one. */
  readonly token: () => Promise<string>;
  /** What the medium of the open session gave the agent; undefined for a boot without one. */
  readonly identity: () => Promise<AgentIdentity | undefined>;
  readonly events: () => Promise<readonly string[]>;
  readonly lookup: (more?: Partial<LookupRequest>) => Promise<LookupAnswer | undefined>;
  readonly heartbeat: (token: string) => Promise<void>;
  /** Resolves as soon as `isRight` says so; fails after a limit of turns. */
  readonly until: (isRight: () => Promise<boolean>) => Promise<void>;
  readonly untilStep: (name: string) => Promise<void>;
  readonly untilRest: () => Promise<NodeRecord>;
  /** A second conductor beside the present one; from now on the machine calls that one. */
  readonly addConductor: (hostname: string) => Promise<Conductor>;
  /** Another conductor takes the place of the present one. */
  readonly replaceConductor: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type MachineWish = {
  readonly route: 'network' | 'vmedia';
  readonly options?: Partial<ConductorOptions>;
  readonly steps?: readonly OfferedStep[];
  /** In memory unless said; ends with the machine. */
  readonly store?: Store;
};

/** Made once for a file of tests: keys are expensive. */
export type Ground = {
  readonly directory: string;
  readonly authority: Authority;
  readonly certificate: IssuedCertificate;
  readonly basePath: string;
  readonly remove: () => void;
};

export const makeGround = async (): Promise<Ground> => {
  const directory = mkdtempSync(join(tmpdir(), 'bessemer-machine-'));
  const nowMs = makeHandClock().wallMs();
  const authority = await openAuthority(join(directory, 'ca'), nowMs);
  for (const name of ['kernel', 'initramfs']) writeFileSync(join(directory, name), name);
  return {
    directory,
    authority,
    certificate: await issueAgentCertificate(authority, {
      commonName: 'agent',
      addresses: [SOURCE],
      nowMs,
    }),
    basePath: await makeBaseIso(directory),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
};

const makeDriver = (
  route: MachineWish['route'],
  effects: string[],
  isStuck: () => boolean,
): NodeDriver => {
  let state: 'power on' | 'power off' = 'power on';
  const power: NodeDriver['power'] = {
    validate: () => undefined,
    supportedTargets: ['power on', 'power off', 'rebooting'],
    fetchState: async () => state,
    setState: async (_node, target) => {
      effects.push(target);
      if (isStuck()) throw new Failure('bmc.power', 'The machine is still on.');
      state = target === 'power off' ? 'power off' : 'power on';
    },
  };
  const boot: NodeDriver['boot'] = {
    route,
    validate: () => undefined,
    prepareRamdisk: async (_node, { transport }) => {
      effects.push(`boot ${transport}`);
    },
    cleanUpRamdisk: async () => undefined,
    prepareInstance: async () => undefined,
    fetchMedia: async () => [],
  };
  return {
    hardwareType: 'test',
    power,
    boot,
    management: {} as NodeDriver['management'],
    deploy: { kind: 'agent', validate: () => undefined },
    inspect: { kind: 'agent' },
    validateAll: () => ({}),
  };
};

const makeRegistry = (driver: NodeDriver): DriverRegistry => ({
  hardwareTypes: [],
  driverOf: () => driver,
  chooseInterfaces: () => FAKE_INTERFACES,
  close: () => Promise.resolve(),
});

const insertMachine = async (store: Store, nowMs: number): Promise<NodeUuid> => {
  const uuid = randomUUID() as NodeUuid;
  await insertNode(
    store.db,
    {
      uuid,
      driver: 'test',
      interfaces: FAKE_INTERFACES,
      provisionState: 'manageable',
      powerState: 'power on',
    },
    { nowMs },
  );
  await insertPort(
    store.db,
    { uuid: randomUUID() as PortUuid, nodeUuid: uuid, address: MAC, pxeEnabled: true },
    { nowMs },
  );
  return uuid;
};

const partsOf = (
  ground: Ground,
  {
    store,
    clock,
    driver,
    effects,
  }: Pick<Machine, 'store' | 'clock' | 'effects'> & {
    readonly driver: NodeDriver;
  },
  options: Partial<ConductorOptions>,
): ConductorParts => ({
  store,
  drivers: makeRegistry(driver),
  keys: memoryKeys(),
  authority: ground.authority,
  urls: { agentApi: 'https://127.0.0.1:1', boot: 'https://127.0.0.1:2' },
  bootHost: {
    prepare: async () => {
      effects.push('boot files');
    },
    remove: async () => undefined,
    list: async () => [],
    leases: async () => [],
    close: async () => undefined,
  },
  clock,
  log: makeLog({ level: 'silent' }),
  options: {
    ...DEFAULT_CONDUCTOR_OPTIONS,
    isLoopbackAllowed: true,
    ramdiskIso: ground.basePath,
    ramdiskKernel: join(ground.directory, 'kernel'),
    ramdiskInitramfs: join(ground.directory, 'initramfs'),
    ...options,
  },
});

const openSessionOf = async (store: Store, uuid: NodeUuid) => {
  const [session] = await store.db
    .selectFrom('agent_session')
    .selectAll()
    .where('node_uuid', '=', uuid)
    .where('closed_at_ms', 'is', null)
    .execute();
  if (session === undefined) throw new Error('no session is open');
  return session;
};

const tokenOf = async (store: Store, uuid: NodeUuid): Promise<string> => {
  const { id, boot_no: bootNumber, token_sealed: sealed } = await openSessionOf(store, uuid);
  const identity = { nodeUuid: uuid, sessionId: id, bootNumber };
  return openToken(memoryKeys(), sealed ?? '', identity).reveal();
};

const identityOf = async (store: Store, uuid: NodeUuid): Promise<AgentIdentity | undefined> => {
  const session = await openSessionOf(store, uuid);
  const { id, boot_no: bootNumber, key_sealed: sealed, certificate } = session;
  if (sealed === null || certificate === null) return undefined;
  const context = sealContextOf('agent-key', { nodeUuid: uuid, sessionId: id, bootNumber });
  return {
    certificatePem: certificate,
    keyPem: memoryKeys().open(sealed, context).toString(),
  };
};

export const openMachine = async (ground: Ground, wish: MachineWish): Promise<Machine> => {
  const store = wish.store ?? (await openStore({ engine: 'sqlite', path: ':memory:' }));
  const clock = makeHandClock();
  const effects: string[] = [];
  const driver = makeDriver(wish.route, effects, () => machine.stuck);
  const parts = partsOf(ground, { store, clock, effects, driver }, wish.options ?? {});
  const agent = await openStepAgent(ground.certificate, wish.steps ?? []);
  const uuid = await insertMachine(store, clock.wallMs());
  let conductor = await startConductor(parts);
  const others: Conductor[] = [];

  const node = async (): Promise<NodeRecord> => {
    const found = await findNode(store.db, uuid);
    if (found === undefined) throw new Error('the node is gone');
    return found;
  };
  const workflow = async (): Promise<WorkflowRecord> => {
    const found = await findLastWorkflow(store.db, uuid);
    if (found === undefined) throw new Error('no workflow was begun');
    return found;
  };
  const until: Machine['until'] = async (isRight) => {
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      if (await isRight()) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { plan, cursor, failure, wait } = await workflow();
    throw new Error(`waited in vain: ${JSON.stringify([plan[cursor]?.name, failure, wait])}`);
  };
  const isResting = async (): Promise<boolean> => {
    const { outcome } = await workflow();
    return outcome !== null && (await node()).reservation === null;
  };

  const machine: Machine = {
    conductor: () => conductor,
    store,
    clock,
    uuid,
    agent,
    effects,
    stuck: false,
    node,
    workflow,
    sessions: () => listSessionsOfNode(store.db, uuid, 100),
    token: () => tokenOf(store, uuid),
    identity: () => identityOf(store, uuid),
    events: async () =>
      (await listAudit(store.db, { afterSeq: 0, limit: 1_000 })).map(({ event }) => event),
    lookup: (more = {}) =>
      conductor.lookup({
        addresses: [MAC],
        nodeUuid: undefined,
        sourceAddress: SOURCE,
        minor: 68,
        ...more,
      }),
    heartbeat: (token) =>
      conductor.heartbeat({
        nodeIdent: uuid,
        callbackUrl: agent.callbackUrl,
        token,
        agentVersion: '11.9.0',
        certificatePem: wish.route === 'network' ? ground.certificate.certificatePem : undefined,
        status: undefined,
        statusMessage: undefined,
        sourceAddress: SOURCE,
      }),
    until,
    untilStep: (name) =>
      until(async () => {
        const { plan, cursor, state } = await workflow();
        return plan[cursor]?.name === name && state === 'waiting';
      }),
    untilRest: async () => {
      await until(async () => {
        // Agents are looked at now and then, and a machine may be asked to power itself off.
        clock.advance(TURN_MS);
        return isResting();
      });
      return node();
    },
    addConductor: async (hostname) => {
      const before = conductor;
      others.push(before);
      conductor = await startConductor({ ...parts, options: { ...parts.options, hostname } });
      return before;
    },
    replaceConductor: async () => {
      await conductor.stop();
      conductor = await startConductor(parts);
    },
    close: async () => {
      for (const each of [conductor, ...others]) void each.stop();
      await agent.close();
      await store.close();
    },
  };
  return machine;
};
