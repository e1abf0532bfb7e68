// Decides which node is worked on when. One task per leased node, bounded; whoever changes something that a
// workflow waits for says so at once (nudge), and one timer stands for the earliest deadline of all. A slow sweep
// finds what a dead conductor left.

import type { NodeUuid } from '@bessemer/protocol/uuid';

import { holdNode } from '#store/held-node';
import { claimLease, releaseLease, renewLeases } from '#store/leases';
import { findNode, updateNode } from '#store/nodes';
import {
  extendDeadlines,
  findOpenWorkflow,
  listOpenWorkflows,
  updateWorkflow,
  type WorkflowRecord,
} from '#store/workflows';

import type { ConductorParts } from './conductor-parts.ts';
import { LeaseLost } from './workflow/lease-lost.ts';
import { type Catalog, type RunEnd, runWorkflow } from './workflow/run-workflow.ts';

export type Scheduler = {
  /** Look at the node now; `heldFence` when the caller claimed the lease for us in its own transaction. */
  readonly nudge: (nodeUuid: NodeUuid, heldFence?: number) => void;
  /** Takes up everything that is open in the store. */
  readonly recover: () => Promise<void>;
  readonly owner: string;
  /** So many nodes wait for a worker that no request should add one. */
  readonly isFull: () => boolean;
  readonly stop: () => Promise<void>;
};

/** A conductor that died is noticed within its lease; looking more often than this finds it no sooner. */
const SWEEP_MS = 5_000;
/** How long after a start a peer that does not answer yet is waited for. */
const RESUME_GRACE_MS = 600_000;
/** Within two of its timeouts every living agent has called again. */
const RECOVERY_HEARTBEATS = 2;
/** The store could not be written (disk full, database away): try again after so long. */
const STORE_RETRY_MS = 5_000;
const RENEWALS_PER_LEASE = 3;
/** Timers cannot count further than some weeks, and a clock may be set back: look up now and then. */
const TIMER_MS_MAX = 3_600_000;
/** A step that talks to a slow BMC is left where it is after so long; the journal takes it up at the next start. */
const STOP_MS_MAX = 5_000;

type Work = { readonly nodeUuid: NodeUuid; readonly heldFence: number | undefined };

export const makeScheduler = (
  parts: ConductorParts,
  catalog: Catalog,
  onJournal: (nodeUuid: NodeUuid) => void,
): Scheduler => {
  const { store, clock, log, options } = parts;
  const owner = `${options.hostname}/${process.pid}/${Math.round(clock.wallMs())}`;
  const queue: Work[] = [];
  const running = new Map<NodeUuid, Promise<void>>();
  /** Nodes to look at again once their task ends, with the fence that came with the last nudge. */
  const again = new Map<NodeUuid, number | undefined>();
  const queued = new Set<NodeUuid>();
  const due = new Map<NodeUuid, number>();
  /** Leases that could not be given back because the store took no write: ours, and held by no task. */
  const unreturned = new Map<NodeUuid, number>();
  let cancelTimer: (() => void) | undefined;
  let timerMs = Infinity;
  let isStopping = false;
  const startedMs = clock.monotonicMs();
  let lines = 0;

  const nextLine = (): number => {
    lines += 1;
    return lines;
  };

  const arm = (): void => {
    if (isStopping) return;
    let earliestMs = Infinity;
    for (const each of due.values()) if (each < earliestMs) earliestMs = each;
    if (earliestMs === timerMs) return;
    cancelTimer?.();
    timerMs = earliestMs;
    cancelTimer =
      earliestMs === Infinity
        ? undefined
        : clock.after(Math.min(TIMER_MS_MAX, Math.max(0, earliestMs - clock.wallMs())), ring);
  };

  const ring = (): void => {
    timerMs = Infinity;
    const nowMs = clock.wallMs();
    for (const [nodeUuid, dueMs] of due) {
      if (dueMs > nowMs) continue;
      due.delete(nodeUuid);
      nudge(nodeUuid);
    }
    arm();
  };

  const lookAt = (nodeUuid: NodeUuid, dueMs: number | null): void => {
    if (dueMs === null) due.delete(nodeUuid);
    else due.set(nodeUuid, dueMs);
    arm();
  };

  const nudge = (nodeUuid: NodeUuid, heldFence?: number): void => {
    if (isStopping) return;
    // A held fence is never lost: whoever claimed the lease for us would leave the node locked.
    if (running.has(nodeUuid)) {
      again.set(nodeUuid, heldFence ?? again.get(nodeUuid));
      return;
    }
    if (queued.has(nodeUuid) && heldFence === undefined) return;
    queued.add(nodeUuid);
    queue.push({ nodeUuid, heldFence });
    pump();
  };

  const pump = (): void => {
    while (running.size < options.workersMax) {
      const work = queue.shift();
      if (work === undefined) return;
      queued.delete(work.nodeUuid);
      if (running.has(work.nodeUuid)) {
        again.set(work.nodeUuid, work.heldFence ?? again.get(work.nodeUuid));
        continue;
      }
      const task = workOn(work).finally(() => {
        running.delete(work.nodeUuid);
        if (again.has(work.nodeUuid)) {
          const fence = again.get(work.nodeUuid);
          again.delete(work.nodeUuid);
          nudge(work.nodeUuid, fence);
        }
        pump();
      });
      running.set(work.nodeUuid, task);
    }
  };

  const workOn = async ({ nodeUuid, heldFence }: Work): Promise<void> => {
    let fence = heldFence;
    try {
      fence ??= await claim(nodeUuid);
      if (fence === undefined) return;
      await runUnder(nodeUuid, fence, heldFence !== undefined);
    } catch (error) {
      if (error instanceof LeaseLost) {
        log.warn({ node: nodeUuid }, 'another conductor took the node over; stopped');
        return;
      }
      // Nothing was lost: the journal says where to go on. Nothing can be stored now either, so no failure.
      log.error({ err: error, node: nodeUuid }, 'the store did not take a write; trying again');
      if (fence !== undefined) await giveBack(nodeUuid, fence);
      lookAt(nodeUuid, clock.wallMs() + STORE_RETRY_MS);
    }
  };

  const giveBack = async (nodeUuid: NodeUuid, fence: number): Promise<void> => {
    try {
      await releaseLease(store.db, nodeUuid, fence);
    } catch (error) {
      unreturned.set(nodeUuid, fence);
      log.warn({ err: error, node: nodeUuid }, 'the lease could not be given back yet');
    }
  };

  /** Undefined when somebody else works on it, or there is nothing to do. */
  const claim = async (nodeUuid: NodeUuid): Promise<number | undefined> => {
    const nowMs = clock.wallMs();
    const held = unreturned.get(nodeUuid);
    const claimed = await store.transaction(async (transaction) => {
      if (held !== undefined) await releaseLease(transaction, nodeUuid, held);
      // The node before its lease, as everybody takes them; else two may wait for each other. What is open is asked
      // then: another conductor may have ended it while we waited.
      if ((await holdNode(transaction, nodeUuid)) === undefined) return undefined;
      const workflow = await findOpenWorkflow(transaction, nodeUuid);
      if (workflow === undefined) return undefined;
      const fence = await claimLease(transaction, nodeUuid, {
        owner,
        nowMs,
        leaseMs: options.leaseMs,
      });
      if (fence === undefined) return undefined;
      await updateNode(transaction, nodeUuid, { reservation: options.hostname });
      if (workflow.isWoken) await updateWorkflow(transaction, workflow, fence, { isWoken: false });
      return fence;
    });
    if (held !== undefined) unreturned.delete(nodeUuid);
    return claimed;
  };

  const runUnder = async (nodeUuid: NodeUuid, fence: number, isFresh: boolean): Promise<void> => {
    let isNew = isFresh;
    for (;;) {
      const [node, workflow] = await Promise.all([
        findNode(store.db, nodeUuid),
        findOpenWorkflow(store.db, nodeUuid),
      ]);
      if (node === undefined || workflow === undefined) {
        await settle(nodeUuid, fence, { kind: 'stopped' });
        return;
      }
      const end = await runWorkflow(
        {
          parts,
          catalog,
          kind: kindOf(workflow),
          isStopping: () => isStopping,
          isInGrace: () => clock.monotonicMs() - startedMs < RESUME_GRACE_MS,
          node,
          workflow,
          fence,
          onJournal,
          nextLine,
        },
        isNew,
      );
      if (end.kind === 'next') {
        isNew = true;
        continue;
      }
      await settle(nodeUuid, fence, end);
      return;
    }
  };

  const settle = async (nodeUuid: NodeUuid, fence: number, end: RunEnd): Promise<void> => {
    if (end.kind === 'stopped' || end.kind === 'retry') {
      await store.transaction(async (transaction) => {
        await updateNode(transaction, nodeUuid, { reservation: null }, { fence });
        await releaseLease(transaction, nodeUuid, fence);
      });
    }
    if (end.kind === 'retry') lookAt(nodeUuid, clock.wallMs() + STORE_RETRY_MS);
    else lookAt(nodeUuid, end.kind === 'waiting' ? end.dueMs : null);
  };

  const kindOf = (workflow: WorkflowRecord) => {
    const kind = catalog.kinds.get(workflow.kind);
    if (kind === undefined) throw new Error(`no kind of workflow is called ${workflow.kind}`);
    return kind;
  };

  const sweep = async (): Promise<void> => {
    const nowMs = clock.wallMs();
    for (const each of await listOpenWorkflows(store.db)) {
      if (running.has(each.nodeUuid)) continue;
      const dueMs = Math.min(each.wakeMs ?? Infinity, each.deadlineMs ?? Infinity);
      if (each.state === 'runnable' || each.isWoken || dueMs <= nowMs) nudge(each.nodeUuid);
      else if (dueMs !== Infinity) due.set(each.nodeUuid, dueMs);
    }
    arm();
  };

  const every = (periodMs: number, work: () => Promise<void>, what: string): void => {
    if (isStopping) return;
    clock.after(periodMs, () => {
      void work()
        .catch((error: unknown) => log.warn({ err: error }, what))
        .finally(() => every(periodMs, work, what));
    });
  };

  const renew = async (): Promise<void> => {
    const held = [...running.keys()];
    if (held.length > 0) {
      await renewLeases(store.db, owner, held, clock.wallMs() + options.leaseMs);
    }
  };

  return {
    owner,
    nudge,
    isFull: () => queue.length >= options.queuedMax,
    recover: async () => {
      // While we were away no agent could call and nobody looked: that time counts against nobody.
      const graceMs = RECOVERY_HEARTBEATS * options.heartbeatTimeoutMs;
      await extendDeadlines(store.db, clock.wallMs() + graceMs);
      for (const { nodeUuid } of await listOpenWorkflows(store.db)) nudge(nodeUuid);
      await sweep();
      every(SWEEP_MS, sweep, 'open workflows could not be listed');
      every(options.leaseMs / RENEWALS_PER_LEASE, renew, 'leases could not be renewed');
    },
    stop: async () => {
      isStopping = true;
      cancelTimer?.();
      queue.length = 0;
      const settled = Promise.allSettled(running.values());
      const limit = new Promise<void>((resolve) => clock.after(STOP_MS_MAX, resolve));
      await Promise.race([settled, limit]);
    },
  };
};
