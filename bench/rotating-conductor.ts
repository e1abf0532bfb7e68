// A whole conductor that keeps the passwords of BMCs, with a store of its own.

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { JsonObject } from '../packages/protocol/src/json.ts';
import type { NodeUuid } from '../packages/protocol/src/uuid.ts';
import { systemClock } from '../packages/service/src/clock.ts';
import { DEFAULT_BMC_CREDENTIAL_OPTIONS } from '../packages/service/src/conductor/bmc-credential/options.ts';
import {
  type ConductorParts,
  DEFAULT_CONDUCTOR_OPTIONS,
} from '../packages/service/src/conductor/conductor-parts.ts';
import { startConductor } from '../packages/service/src/conductor/start-conductor.ts';
import {
  DEFAULT_DRIVER_OPTIONS,
  makeDriverRegistry,
} from '../packages/service/src/drivers/registry.ts';
import { makeLog } from '../packages/service/src/observe/log.ts';
import { openEmbeddedSecrets } from '../packages/service/src/serve/embedded-secrets.ts';
import { listBmcCredentials } from '../packages/service/src/store/bmc-credentials.ts';
import { openStore, type Store } from '../packages/service/src/store/database.ts';
import { insertNode } from '../packages/service/src/store/nodes.ts';
import { keepDriverInfo, openDriverInfo } from '../packages/service/src/trust/driver-secrets.ts';
import { openKeyRing } from '../packages/service/src/trust/key-ring.ts';

/** Rotations at once: each has a node, and each node that is worked on has a worker. */
export const WORKERS_MAX = DEFAULT_CONDUCTOR_OPTIONS.workersMax;

export type Rotated = {
  readonly done: number;
  /** Why the others are not, and how many of them. */
  readonly others: ReadonlyMap<string, number>;
  /** Logins of so many BMCs had to wait, so that no account is locked. */
  readonly held: number;
};

export type RotatingConductor = {
  readonly addNode: (driver: 'ipmi' | 'redfish', driverInfo: JsonObject) => Promise<NodeUuid>;
  readonly rotate: (uuid: NodeUuid) => Promise<void>;
  readonly look: (count: number) => Promise<Rotated>;
  /** How long each transaction took since the last call, from asking for it until it was durable. */
  readonly takeWriteMs: () => readonly number[];
  readonly close: () => Promise<void>;
};

const countRotated = async (store: Store, count: number): Promise<Rotated> => {
  const all = await listBmcCredentials(store.db, '', count);
  const others = new Map<string, number>();
  let done = 0;
  for (const { state, lastResult } of all) {
    if (lastResult !== null && state === 'managed') done += 1;
    else {
      const why = lastResult === null ? `still ${state}` : `${state}: ${lastResult.text}`;
      others.set(why, (others.get(why) ?? 0) + 1);
    }
  }
  if (all.length < count) others.set('not begun', count - all.length);
  const held = all.filter(({ heldUntilMs, isPaused }) => heldUntilMs !== null || isPaused).length;
  return { done, others, held };
};

const timedStore = (store: Store, noteMs: (ms: number) => void): Store => ({
  ...store,
  transaction: async (work) => {
    const startedMs = performance.now();
    try {
      return await store.transaction(work);
    } finally {
      noteMs(performance.now() - startedMs);
    }
  },
});

export const openRotatingConductor = async (): Promise<RotatingConductor> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-rotations-'));
  let writeMs: number[] = [];
  const opened = await openStore({ engine: 'sqlite', path: join(directory, 'bench.sqlite') });
  const store = timedStore(opened, (ms) => writeMs.push(ms));
  const clock = systemClock;
  const log = makeLog({ level: 'silent' });
  const keys = await openKeyRing(join(directory, 'keys'));
  const drivers = makeDriverRegistry({
    options: {
      ...DEFAULT_DRIVER_OPTIONS,
      enabledHardwareTypes: ['ipmi', 'redfish'],
      ipmi: { ...DEFAULT_DRIVER_OPTIONS.ipmi, isLoopbackAllowed: true },
      redfish: { ...DEFAULT_DRIVER_OPTIONS.redfish, isLoopbackAllowed: true },
    },
    openDriverInfo: (node) => openDriverInfo(keys, node),
    clock,
    log,
  });
  const parts: ConductorParts = {
    store,
    drivers,
    keys,
    authority: {} as ConductorParts['authority'],
    urls: { agentApi: 'https://127.0.0.1:1', boot: 'https://127.0.0.1:2' },
    bmcCredentials: {
      secrets: openEmbeddedSecrets(store, keys, clock),
      options: DEFAULT_BMC_CREDENTIAL_OPTIONS,
    },
    clock,
    log,
    options: DEFAULT_CONDUCTOR_OPTIONS,
  };
  const conductor = await startConductor(parts);
  return {
    addNode: async (driver, driverInfo) => {
      const uuid = randomUUID() as NodeUuid;
      const node = {
        uuid,
        driver,
        interfaces: drivers.chooseInterfaces(driver, {}),
        provisionState: 'manageable' as const,
        ...keepDriverInfo(keys, uuid, driverInfo),
      };
      await store.transaction((transaction) =>
        insertNode(transaction, node, { nowMs: clock.wallMs() }),
      );
      return uuid;
    },
    rotate: async (uuid) => {
      await conductor.requestBmcRotation(uuid, { trigger: 'adopt' });
    },
    look: (count) => countRotated(store, count),
    takeWriteMs: () => {
      const taken = writeMs;
      writeMs = [];
      return taken;
    },
    close: async () => {
      await conductor.stop();
      await drivers.close();
      await opened.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
