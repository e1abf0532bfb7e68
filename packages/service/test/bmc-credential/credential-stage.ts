// A whole conductor whose fake machines have model BMCs with accounts, and a model secret store.

import { randomUUID } from 'node:crypto';

import { systemClock } from '#clock';
import type { BmcCredentialParts } from '#conductor/bmc-credential/credential-parts';
import {
  type BmcCredentialOptions,
  DEFAULT_BMC_CREDENTIAL_OPTIONS,
} from '#conductor/bmc-credential/options';
import type { Conductor } from '#conductor/conductor';
import { type ConductorParts, DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import { startConductor } from '#conductor/start-conductor';
import type { DriverRegistry } from '#drivers/driver';
import { DEFAULT_DRIVER_OPTIONS, makeDriverRegistry } from '#drivers/registry';
import { makeLog } from '#observe/log';
import { type BmcCredentialRecord, findBmcCredential } from '#store/bmc-credentials';
import { openStore, type Store } from '#store/database';
import { findNode, insertNode, updateNode } from '#store/nodes';
import { findOpenWorkflow } from '#store/workflows';
import { keepDriverInfo } from '#trust/driver-secrets';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { WhyReport } from '@bessemer/protocol/node/why-report';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { FAKE_INTERFACES, memoryKeys } from '../conductor/with-engine.ts';
import { type BmcWays, FACTORY, makeModelBmc, type ModelBmc } from './model-bmc.ts';
import { makeModelSecretStore, type ModelSecretStore } from './model-secret-store.ts';

export type CredentialStage = {
  readonly store: Store;
  readonly parts: ConductorParts;
  readonly secrets: ModelSecretStore;
  readonly conductor: () => Conductor;
  readonly makeNode: (ways?: BmcWays) => Promise<NodeUuid>;
  readonly bmcOf: (uuid: NodeUuid) => ModelBmc;
  readonly nodeOf: (uuid: NodeUuid) => Promise<NodeRecord>;
  readonly credentialOf: (uuid: NodeUuid) => Promise<BmcCredentialRecord>;
  /** Resolves when nobody works on the node. */
  readonly untilIdle: (uuid: NodeUuid) => Promise<NodeRecord>;
  /** Resolves when the work on the node waits for something. */
  readonly untilWaiting: (uuid: NodeUuid) => Promise<WhyReport>;
  readonly adopt: (uuid: NodeUuid) => Promise<void>;
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
};

const TURNS_MAX = 50_000;

const withAccounts = (
  registry: DriverRegistry,
  bmcs: ReadonlyMap<string, ModelBmc>,
): DriverRegistry => ({
  ...registry,
  driverOf: (node) => ({
    ...registry.driverOf(node),
    accounts: ({ uuid }) => {
      const bmc = bmcs.get(uuid);
      return bmc === undefined ? [] : [bmc.door];
    },
  }),
});

export const openCredentialStage = async (
  options: Partial<BmcCredentialOptions> = {},
  more: Partial<BmcCredentialParts> = {},
  given?: Store,
): Promise<CredentialStage> => {
  const clock = systemClock;
  const log = makeLog({ level: 'silent' });
  // One that is given is closed by its owner.
  const store = given ?? (await openStore({ engine: 'sqlite', path: ':memory:' }));
  const bmcs = new Map<string, ModelBmc>();
  const secrets = makeModelSecretStore(() => clock.wallMs());
  const keys = memoryKeys();
  const registry = makeDriverRegistry({
    options: { ...DEFAULT_DRIVER_OPTIONS, enabledHardwareTypes: ['fake-hardware'] },
    clock,
    log,
  });
  const parts: ConductorParts = {
    store,
    drivers: withAccounts(registry, bmcs),
    keys,
    authority: {} as ConductorParts['authority'],
    urls: { agentApi: 'https://127.0.0.1:1', boot: 'https://127.0.0.1:2' },
    bmcCredentials: {
      secrets,
      options: { ...DEFAULT_BMC_CREDENTIAL_OPTIONS, ...options },
      ...more,
    },
    clock,
    log,
    options: { ...DEFAULT_CONDUCTOR_OPTIONS, disallowedSteps: [] },
  };
  let conductor = await startConductor(parts);
  const nodeOf = async (uuid: NodeUuid): Promise<NodeRecord> => {
    const node = await findNode(store.db, uuid);
    if (node === undefined) throw new Error('the node is gone');
    return node;
  };
  const untilIdle = async (uuid: NodeUuid): Promise<NodeRecord> => {
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      const node = await nodeOf(uuid);
      const isIdle = (await findOpenWorkflow(store.db, uuid)) === undefined;
      if (isIdle && node.reservation === null) return node;
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error('somebody still works on the node');
  };
  return {
    store,
    parts,
    secrets,
    conductor: () => conductor,
    makeNode: async (ways) => {
      const uuid = randomUUID() as NodeUuid;
      const made = { uuid, driver: 'fake-hardware', interfaces: FAKE_INTERFACES };
      await insertNode(
        store.db,
        { ...made, provisionState: 'manageable' },
        { nowMs: clock.wallMs() },
      );
      const info = { redfish_username: FACTORY.username, redfish_password: FACTORY.password };
      await updateNode(store.db, uuid, keepDriverInfo(keys, uuid, info));
      bmcs.set(
        uuid,
        makeModelBmc(() => clock.wallMs(), ways),
      );
      return uuid;
    },
    bmcOf: (uuid) => bmcs.get(uuid) as ModelBmc,
    nodeOf,
    credentialOf: async (uuid) => (await findBmcCredential(store.db, uuid)) as BmcCredentialRecord,
    untilIdle,
    untilWaiting: async (uuid) => {
      for (let turn = 0; turn < TURNS_MAX; turn += 1) {
        const workflow = await findOpenWorkflow(store.db, uuid);
        if (workflow?.state === 'waiting') return conductor.why(uuid);
        await new Promise((resolve) => setImmediate(resolve));
      }
      throw new Error('the work on the node does not wait');
    },
    adopt: async (uuid) => {
      await conductor.requestBmcRotation(uuid, { trigger: 'adopt' });
      await untilIdle(uuid);
    },
    restart: async () => {
      await conductor.stop();
      conductor = await startConductor(parts);
    },
    close: async () => {
      await conductor.stop();
      if (given === undefined) await store.close();
    },
  };
};
