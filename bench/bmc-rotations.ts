// Credentials of many BMCs at once, as after an incident: every password of every BMC is changed, by the whole conductor,
// over IPMI. A rotation sets and proves two accounts, and asks whether the old password is dead.

import { mkdtemp, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

import type { NodeUuid } from '../packages/protocol/src/uuid.ts';

import { startIpmiBmcs } from './ipmi-bmcs.ts';
import type { Bench, BenchSize, Measurement } from './measurement.ts';

const USERNAME = 'admin';
const PASSWORD = 'bench-password';
/** What a person waits for after an incident: a thousand machines within an hour, on two cores that BMCs share. */
const GOAL_PER_MINUTE = 60;
const LOOK_MS = 500;
/** All of a thousand take some minutes; what is over within this says how many. */
const WINDOW_FACTOR = 10;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, LOOK_MS));

const openConductor = async (directory: string, store: Store) => {
  const clock = systemClock;
  const log = makeLog({ level: 'silent' });
  const keys = await openKeyRing(join(directory, 'keys'));
  const drivers = makeDriverRegistry({
    options: {
      ...DEFAULT_DRIVER_OPTIONS,
      enabledHardwareTypes: ['ipmi'],
      ipmi: { ...DEFAULT_DRIVER_OPTIONS.ipmi, isLoopbackAllowed: true },
    },
    openDriverInfo: (node) => openDriverInfo(keys, node),
    clock,
    log,
  });
  const secrets = openEmbeddedSecrets(store, keys, clock);
  const parts: ConductorParts = {
    store,
    drivers,
    keys,
    authority: {} as ConductorParts['authority'],
    urls: { agentApi: 'https://127.0.0.1:1', boot: 'https://127.0.0.1:2' },
    bmcCredentials: { secrets, options: DEFAULT_BMC_CREDENTIAL_OPTIONS },
    clock,
    log,
    options: DEFAULT_CONDUCTOR_OPTIONS,
  };
  const conductor = await startConductor(parts);
  return {
    conductor,
    addNode: async (port: number): Promise<NodeUuid> => {
      const uuid = randomUUID() as NodeUuid;
      const info = {
        ipmi_address: '127.0.0.1',
        ipmi_port: port,
        ipmi_username: USERNAME,
        ipmi_password: PASSWORD,
      };
      const node = {
        uuid,
        driver: 'ipmi',
        interfaces: drivers.chooseInterfaces('ipmi', {}),
        provisionState: 'manageable' as const,
        ...keepDriverInfo(keys, uuid, info),
      };
      await store.transaction((transaction) =>
        insertNode(transaction, node, { nowMs: clock.wallMs() }),
      );
      return uuid;
    },
    close: async () => {
      await conductor.stop();
      await drivers.close();
    },
  };
};

/** Rotations that are over. Throws where one failed, or an account was near to being locked. */
const countDone = async (store: Store, count: number): Promise<number> => {
  const all = await listBmcCredentials(store.db, '', count);
  const done = all.filter(({ lastResult }) => lastResult !== null);
  const failed = done.find(({ state }) => state !== 'managed');
  if (failed !== undefined) throw new Error(`a BMC is ${failed.state}: ${failed.lastResult?.text}`);
  const isHeld = all.some(({ heldUntilMs, isPaused }) => heldUntilMs !== null || isPaused);
  if (isHeld) throw new Error('the logins of a BMC had to be held back');
  return done.length;
};

const measure = async ({ nodes: count, seconds }: BenchSize): Promise<readonly Measurement[]> => {
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-rotations-'));
  const bmcs = await startIpmiBmcs(count, USERNAME, PASSWORD);
  const store = await openStore({ engine: 'sqlite', path: join(directory, 'bench.sqlite') });
  const subject = await openConductor(directory, store);
  try {
    const uuids: NodeUuid[] = [];
    for (const port of bmcs.ports) uuids.push(await subject.addNode(port));
    const startedMs = performance.now();
    for (const uuid of uuids) {
      await subject.conductor.requestBmcRotation(uuid, { trigger: 'adopt' });
    }
    const untilMs = startedMs + seconds * WINDOW_FACTOR * 1_000;
    while (performance.now() < untilMs && (await countDone(store, count)) < count) await pause();
    const done = await countDone(store, count);
    const perMinute = done / ((performance.now() - startedMs) / 60_000);
    return [
      {
        what: `rotations of ${count} BMCs over IPMI, two accounts each`,
        measured: perMinute,
        unit: '/min',
        limit: null,
        goal: `>= ${GOAL_PER_MINUTE}/min, none held back`,
        isMet: perMinute >= GOAL_PER_MINUTE,
      },
    ];
  } finally {
    await subject.close();
    await store.close();
    await bmcs.stop();
    await rm(directory, { recursive: true, force: true });
  }
};

export const bmcRotations: Bench = { name: 'bmc-rotations', run: measure };
