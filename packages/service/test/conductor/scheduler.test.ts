// Who works on a node when: what comes while a task runs, what a store that takes no write delays, and what a start
// after a crash forgives.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { DONE, type Step, type StepWait } from '#conductor/workflow/step';
import { appendJournal } from '#store/journals';
import { claimLease, isLeased, releaseLease } from '#store/leases';
import { updateWorkflow, wakeWorkflow } from '#store/workflows';

import { type Engine, openEngine } from './with-engine.ts';

let engine: Engine;
afterEach(() => engine.close());

const WAIT: StepWait = {
  kind: 'wait',
  what: 'a bell',
  on: 'the bell ringer',
  remedy: 'Ring the bell.',
  timeoutMs: 600_000,
};

/** As SQLite says it. */
const diskFull = (): Error => Object.assign(new Error('database or disk is full'), { errcode: 13 });

const idempotent = (name: string, run: Step['run'], look?: Step['look']): Step => ({
  name,
  isIdempotent: true,
  run,
  ...(look === undefined ? {} : { look }),
});

const makeGate = (): { readonly opened: Promise<void>; readonly open: () => void } => {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
};

const untilState = (uuid: NodeUuid, state: string) =>
  engine.until(
    () => engine.nodeOf(uuid),
    (node) => node.provisionState === state && node.reservation === null,
  );

const untilTrue = (isTrue: () => boolean) =>
  engine.until(
    async () => isTrue(),
    (value) => value,
  );

/** Everything that is ready has run: nothing here waits for anything but turns of the loop. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('what comes while a task runs', () => {
  test('a call between the last look and the stored wait is not slept through', async () => {
    const gate = makeGate();
    let looks = 0;
    const look = async (): Promise<typeof DONE> => {
      looks += 1;
      return DONE;
    };
    let hasBegun = false;
    const run = async (): Promise<StepWait> => {
      hasBegun = true;
      await gate.opened;
      return WAIT;
    };
    engine = await openEngine([idempotent('wait', run, look)]);
    const uuid = await engine.begin(['wait']);
    engine.scheduler.nudge(uuid);
    await untilTrue(() => hasBegun);

    await wakeWorkflow(engine.store.db, uuid);
    engine.scheduler.nudge(uuid);
    gate.open();
    await untilState(uuid, 'active');

    assert.equal(looks, 1);
  });

  test('a lease that was claimed for us meanwhile is used or given back, never kept', async () => {
    const gate = makeGate();
    let hasBegun = false;
    engine = await openEngine([
      idempotent('slow', async () => {
        hasBegun = true;
        await gate.opened;
        return DONE;
      }),
    ]);
    const uuid = await engine.begin(['slow']);
    engine.scheduler.nudge(uuid);
    await untilTrue(() => hasBegun);
    const nowMs = engine.clock.wallMs();
    engine.clock.advance(61_000);

    const claim = { owner: engine.scheduler.owner, nowMs: nowMs + 61_000, leaseMs: 60_000 };
    const fence = await claimLease(engine.store.db, uuid, claim);
    engine.scheduler.nudge(uuid, fence);
    engine.scheduler.nudge(uuid);
    gate.open();
    await untilState(uuid, 'active');

    assert.notEqual(fence, undefined);
    await engine.until(
      () => isLeased(engine.store.db, uuid, engine.clock.wallMs()),
      (isHeld) => !isHeld,
    );
  });
});

describe('a store that takes no write', () => {
  test('leaves the step where it is, without a failure, and it goes on a little later', async () => {
    let tries = 0;
    engine = await openEngine([
      idempotent('write', async () => ({
        ...DONE,
        also: async () => {
          tries += 1;
          if (tries === 1) throw diskFull();
        },
      })),
    ]);
    const uuid = await engine.begin(['write']);
    engine.scheduler.nudge(uuid);
    await engine.until(
      () => isLeased(engine.store.db, uuid, engine.clock.wallMs()),
      (isHeld) => !isHeld && tries === 1,
    );

    const during = await engine.nodeOf(uuid);
    engine.clock.advance(5_000);
    await untilState(uuid, 'active');

    assert.deepEqual([during.provisionState, during.lastError], ['deploying', null]);
    assert.equal(tries, 2);
  });

  test('and cannot give the lease back either holds nothing up once it can', async () => {
    let isFull = false;
    let tries = 0;
    engine = await openEngine([
      idempotent('write', async () => {
        tries += 1;
        if (isFull) throw diskFull();
        return DONE;
      }),
    ]);
    const uuid = await engine.begin(['write']);
    isFull = true;
    const { sqlite } = engine.store;
    sqlite?.exec(`create trigger full before update on lease when new.owner is null
      begin select raise(fail, 'database or disk is full'); end`);
    engine.scheduler.nudge(uuid);
    await untilTrue(() => tries === 1);
    await settled();
    const isHeld = await isLeased(engine.store.db, uuid, engine.clock.wallMs());
    sqlite?.exec('drop trigger full');
    isFull = false;
    engine.clock.advance(5_000);
    await untilState(uuid, 'active');

    assert.equal(isHeld, true);
  });
});

describe('right after a start', () => {
  const interrupt = async (uuid: NodeUuid): Promise<void> => {
    const { store, clock } = engine;
    const claim = { owner: 'dead', nowMs: clock.wallMs(), leaseMs: 1 };
    const fence = (await claimLease(store.db, uuid, claim)) ?? 0;
    const workflow = await engine.workflowOf(uuid);
    await appendJournal(store.db, [
      {
        workflowId: workflow.id,
        nodeUuid: uuid,
        atMs: clock.wallMs(),
        fence,
        stepIndex: 0,
        step: 'reach',
        interface: 'conductor',
        event: 'started',
        detail: {},
      },
    ]);
    await updateWorkflow(store.db, workflow, fence, { state: 'runnable' });
    await releaseLease(store.db, uuid, fence);
  };

  test('a peer that does not answer yet is tried again instead of failing the node', async () => {
    let tries = 0;
    engine = await openEngine([
      idempotent('reach', async () => {
        tries += 1;
        if (tries === 1) throw new Failure('bmc.unreachable', 'No route.', { isRetryable: true });
        return DONE;
      }),
    ]);
    const uuid = await engine.begin(['reach']);
    await interrupt(uuid);

    await engine.restart().recover();
    await engine.until(
      () => isLeased(engine.store.db, uuid, engine.clock.wallMs()),
      (isHeld) => !isHeld && tries === 1,
    );
    const during = await engine.nodeOf(uuid);
    engine.clock.advance(5_000);
    await untilState(uuid, 'active');

    assert.deepEqual([during.provisionState, during.lastError], ['deploying', null]);
  });

  test('a peer that refuses is believed at once', async () => {
    engine = await openEngine([
      idempotent('reach', async () => {
        throw new Failure('bmc.credentials', 'Wrong password.');
      }),
    ]);
    const uuid = await engine.begin(['reach']);
    await interrupt(uuid);

    await engine.restart().recover();
    const node = await untilState(uuid, 'deploy failed');

    assert.equal(node.lastError, 'Wrong password.');
  });
});

describe('an abort', () => {
  test('whose process died before it was carried out is carried out by the next one', async () => {
    const gate = makeGate();
    let rests = 0;
    engine = await openEngine(
      [
        idempotent('slow', async () => {
          await gate.opened;
          return DONE;
        }),
      ],
      {
        bringToRest: async () => {
          rests += 1;
          return [];
        },
      },
    );
    const uuid = await engine.begin(['slow']);
    const { store, clock } = engine;
    const claim = { owner: 'dead', nowMs: clock.wallMs(), leaseMs: 1 };
    const fence = (await claimLease(store.db, uuid, claim)) ?? 0;
    await updateWorkflow(store.db, await engine.workflowOf(uuid), fence, {
      isAbortRequested: true,
    });
    await releaseLease(store.db, uuid, fence);

    await engine.restart().recover();
    const ended = await engine.until(
      () => engine.workflowOf(uuid),
      (workflow) => workflow.state === 'ended',
    );

    assert.deepEqual([ended.outcome, rests], ['aborted', 1]);
  });
});
