// A whole conductor over a store in memory and fake hardware, as the API sees it.

import { randomUUID } from 'node:crypto';

import { systemClock } from '#clock';
import type { Conductor } from '#conductor/conductor';
import {
  type ConductorOptions,
  type ConductorParts,
  DEFAULT_CONDUCTOR_OPTIONS,
} from '#conductor/conductor-parts';
import { startConductor } from '#conductor/start-conductor';
import { DEFAULT_DRIVER_OPTIONS, makeDriverRegistry } from '#drivers/registry';
import { makeLog } from '#observe/log';
import { openStore, type Store } from '#store/database';
import { findNode, insertNode, type NewNode } from '#store/nodes';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { ProvisionState } from '@bessemer/protocol/node/states';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { FAKE_INTERFACES, memoryKeys } from './with-engine.ts';

export type Subject = {
  readonly store: Store;
  readonly parts: ConductorParts;
  readonly conductor: Conductor;
  readonly makeNode: (more?: Partial<NewNode>) => Promise<NodeRecord>;
  readonly nodeOf: (uuid: NodeUuid) => Promise<NodeRecord>;
  /** Resolves when the node rests in `state`; fails as soon as it rests in another one that it did not start in. */
  readonly untilState: (uuid: NodeUuid, state: ProvisionState) => Promise<NodeRecord>;
  readonly until: (uuid: NodeUuid, isRight: (node: NodeRecord) => boolean) => Promise<NodeRecord>;
  readonly close: () => Promise<void>;
};

/** Fake machines take no time: whoever needs more turns than this waits for nothing. */
const TURNS_MAX = 50_000;

export const openConductor = async (
  options: Partial<ConductorOptions> = {},
  given?: Store,
): Promise<Subject> => {
  const clock = systemClock;
  const log = makeLog({ level: 'silent' });
  const store = given ?? (await openStore({ engine: 'sqlite', path: ':memory:' }));
  const drivers = makeDriverRegistry({
    options: { ...DEFAULT_DRIVER_OPTIONS, enabledHardwareTypes: ['fake-hardware'] },
    clock,
    log,
  });
  const parts: ConductorParts = {
    store,
    drivers,
    keys: memoryKeys(),
    authority: {} as ConductorParts['authority'],
    urls: { agentApi: 'https://127.0.0.1:1', boot: 'https://127.0.0.1:2' },
    clock,
    log,
    options: { ...DEFAULT_CONDUCTOR_OPTIONS, ...options },
  };
  const conductor = await startConductor(parts);
  const nodeOf = async (uuid: NodeUuid): Promise<NodeRecord> => {
    const node = await findNode(store.db, uuid);
    if (node === undefined) throw new Error('the node is gone');
    return node;
  };
  const until: Subject['until'] = async (uuid, isRight) => {
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      const node = await nodeOf(uuid);
      if (isRight(node)) return node;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { provisionState, powerState, lastError } = await nodeOf(uuid);
    throw new Error(`waited in vain; the node is ${provisionState}, ${powerState}, ${lastError}`);
  };
  return {
    store,
    parts,
    conductor,
    makeNode: (more = {}) =>
      insertNode(
        store.db,
        {
          uuid: randomUUID() as NodeUuid,
          driver: 'fake-hardware',
          interfaces: FAKE_INTERFACES,
          ...more,
        },
        { nowMs: clock.wallMs() },
      ),
    nodeOf,
    until,
    untilState: (uuid, state) =>
      until(uuid, (node) => node.provisionState === state && node.reservation === null),
    close: async () => {
      await conductor.stop();
      await store.close();
    },
  };
};
