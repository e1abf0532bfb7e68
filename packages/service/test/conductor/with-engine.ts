// The scheduler over a store in memory, a clock that is moved by hand, and steps that a test makes up. What a step
// did is told by the test's own steps; what was stored is read back from the store.

import { randomUUID } from 'node:crypto';

import { type ConductorParts, DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import { makeScheduler, type Scheduler } from '#conductor/scheduler';
import type { Catalog } from '#conductor/workflow/run-workflow';
import { planned, type Step } from '#conductor/workflow/step';
import type { WorkflowKind } from '#conductor/workflow/workflow-kind';
import type { NodeDriver } from '#drivers/driver';
import { makeLog } from '#observe/log';
import { openStore, type Store } from '#store/database';
import { type JournalLine, listJournal } from '#store/journals';
import { findNode, insertNode } from '#store/nodes';
import { findLastWorkflow, insertWorkflow, type WorkflowRecord } from '#store/workflows';
import { makeKeyRing } from '#trust/key-ring';

import { INTERFACE_KINDS, type NodeRecord } from '@bessemer/protocol/node/record';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type HandClock, makeHandClock } from '../drivers/hand-clock.ts';

/** Where every hand clock begins. */
export const NOW_MS = makeHandClock().wallMs();

export const FAKE_INTERFACES = {
  ...Object.fromEntries(INTERFACE_KINDS.map((kind) => [kind, `no-${kind}`])),
  boot: 'fake',
  deploy: 'fake',
  inspect: 'fake',
  management: 'fake',
  network: 'noop',
  power: 'fake',
  storage: 'noop',
} as NodeRecord['interfaces'];

export const memoryKeys = () => makeKeyRing(new Map([['kek-0001', Buffer.alloc(32, 7)]]));

export type Engine = {
  readonly store: Store;
  readonly clock: HandClock;
  readonly scheduler: Scheduler;
  /** Another conductor on the same store, as after a restart. */
  readonly restart: () => Scheduler;
  /** A node in `deploying` with a workflow of these steps, not begun. */
  readonly begin: (steps: readonly string[]) => Promise<NodeUuid>;
  readonly nodeOf: (uuid: NodeUuid) => Promise<NodeRecord>;
  readonly workflowOf: (uuid: NodeUuid) => Promise<WorkflowRecord>;
  readonly journalOf: (uuid: NodeUuid) => Promise<readonly JournalLine[]>;
  /** Resolves as soon as what `fetch` gives passes `isRight`; fails after a limit of turns. */
  readonly until: <T>(fetch: () => Promise<T>, isRight: (value: T) => boolean) => Promise<T>;
  readonly close: () => Promise<void>;
};

const KIND: WorkflowKind = {
  name: 'deploy',
  eventType: 'provisioning',
  doneEvent: () => 'done',
  failEvent: 'fail',
};

const TURNS_MAX = 2_000;

/** Each try lets everything that is ready run; the hand clock never moves by itself, so nothing is timed. */
const until = async <T>(fetch: () => Promise<T>, isRight: (value: T) => boolean): Promise<T> => {
  let last: T | undefined;
  for (let turn = 0; turn < TURNS_MAX; turn += 1) {
    last = await fetch();
    if (isRight(last)) return last;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`waited in vain; last seen: ${JSON.stringify(last)}`);
};

export const openEngine = async (
  steps: readonly Step[],
  kind: Partial<WorkflowKind> = {},
): Promise<Engine> => {
  const store = await openStore({ engine: 'sqlite', path: ':memory:' });
  const clock = makeHandClock();
  const driver = {} as NodeDriver;
  const parts: ConductorParts = {
    store,
    drivers: {
      hardwareTypes: [],
      driverOf: () => driver,
      chooseInterfaces: () => FAKE_INTERFACES,
      close: () => Promise.resolve(),
    },
    keys: memoryKeys(),
    authority: {} as ConductorParts['authority'],
    urls: { agentApi: 'https://127.0.0.1:1', boot: 'https://127.0.0.1:2' },
    clock,
    log: makeLog({ level: 'silent' }),
    options: DEFAULT_CONDUCTOR_OPTIONS,
  };
  const catalog: Catalog = {
    kinds: new Map([['deploy', { ...KIND, ...kind }]]),
    steps: new Map(steps.map((step) => [step.name, step])),
  };
  const schedulers: Scheduler[] = [];
  const restart = (): Scheduler => {
    const scheduler = makeScheduler(parts, catalog, () => undefined);
    schedulers.push(scheduler);
    return scheduler;
  };
  const scheduler = restart();
  const nodeOf = async (uuid: NodeUuid): Promise<NodeRecord> => {
    const node = await findNode(store.db, uuid);
    if (node === undefined) throw new Error('the node is gone');
    return node;
  };
  const workflowOf = async (uuid: NodeUuid): Promise<WorkflowRecord> => {
    const workflow = await findLastWorkflow(store.db, uuid);
    if (workflow === undefined) throw new Error('the workflow is gone');
    return workflow;
  };
  return {
    store,
    clock,
    scheduler,
    restart,
    begin: async (names) => {
      const uuid = randomUUID() as NodeUuid;
      await insertNode(
        store.db,
        {
          uuid,
          driver: 'fake-hardware',
          interfaces: FAKE_INTERFACES,
          provisionState: 'deploying',
          targetProvisionState: 'active',
        },
        { nowMs: clock.wallMs() },
      );
      await insertWorkflow(store.db, {
        id: randomUUID(),
        nodeUuid: uuid,
        kind: 'deploy',
        plan: names.map((name) => planned(name)),
        startedMs: clock.wallMs(),
      });
      return uuid;
    },
    nodeOf,
    workflowOf,
    journalOf: (uuid) => listJournal(store.db, uuid, { afterSeq: 0, limit: 1_000 }),
    until,
    close: async () => {
      // A hand clock never rings the limit of a stop: whatever a test left running is left.
      for (const each of schedulers) void each.stop();
      await store.close();
    },
  };
};
