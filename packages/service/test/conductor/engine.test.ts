// The engine on its own: steps that a test makes up, a store in memory, a clock moved by hand.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';

import { claimLease, isLeased, releaseLease } from '#store/leases';
import { updateNode } from '#store/nodes';
import { listHistory } from '#store/history';
import { appendJournal } from '#store/journals';
import { updateWorkflow, wakeWorkflow } from '#store/workflows';
import { DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import { DONE, type Step, type StepWait } from '#conductor/workflow/step';

import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type Engine, openEngine } from './with-engine.ts';

let engine: Engine;
afterEach(() => engine.close());

const MINUTE_MS = 60_000;

const WAIT: StepWait = {
  kind: 'wait',
  what: 'a bell',
  on: 'the bell ringer',
  remedy: 'Ring the bell.',
  timeoutMs: 10 * MINUTE_MS,
};

const idempotent = (name: string, run: Step['run'], look?: Step['look']): Step => ({
  name,
  isIdempotent: true,
  run,
  ...(look === undefined ? {} : { look }),
});

const isStateOf =
  (state: string) =>
  (node: { readonly provisionState: string; readonly reservation: string | null }): boolean =>
    node.provisionState === state && node.reservation === null;

const untilState = (uuid: NodeUuid, state: string) =>
  engine.until(() => engine.nodeOf(uuid), isStateOf(state));

describe('a plan', () => {
  test('is run step by step, with a journal line before and after each', async () => {
    const done: string[] = [];
    const step = (name: string) =>
      idempotent(name, async () => {
        done.push(name);
        return DONE;
      });
    engine = await openEngine([step('first'), step('second')]);
    const uuid = await engine.begin(['first', 'second']);

    engine.scheduler.nudge(uuid);
    const node = await untilState(uuid, 'active');

    assert.deepEqual(done, ['first', 'second']);
    assert.equal(node.targetProvisionState, null);
    const lines = (await engine.journalOf(uuid)).map(({ step, event }) => `${step} ${event}`);
    assert.deepEqual(lines.slice(0, 4), [
      'first started',
      'first ended',
      'second started',
      'second ended',
    ]);
    assert.equal((await engine.workflowOf(uuid)).outcome, 'succeeded');
    assert.equal(await isLeased(engine.store.db, uuid, engine.clock.wallMs()), false);
  });

  test('gets the steps that a step found out, right behind it', async () => {
    const done: string[] = [];
    const step = (name: string) =>
      idempotent(name, async () => {
        done.push(name);
        return DONE;
      });
    const finding = idempotent('find', async () => ({
      ...DONE,
      steps: ['b', 'c'].map((name) => ({ name, interface: 'deploy', priority: 0, args: {} })),
    }));
    engine = await openEngine([finding, step('b'), step('c'), step('last')]);
    const uuid = await engine.begin(['find', 'last']);

    engine.scheduler.nudge(uuid);
    await untilState(uuid, 'active');

    assert.deepEqual(done, ['b', 'c', 'last']);
  });
});

describe('a waiting step', () => {
  const ringing = (bell: { isRung: boolean }) =>
    idempotent(
      'wait',
      async () => WAIT,
      async () => (bell.isRung ? DONE : WAIT),
    );

  test('rests in the wait state without a lease, and goes on when it is woken', async () => {
    const bell = { isRung: false };
    engine = await openEngine([ringing(bell)]);
    const uuid = await engine.begin(['wait']);
    engine.scheduler.nudge(uuid);
    const waiting = await untilState(uuid, 'wait call-back');
    await engine.until(
      () => isLeased(engine.store.db, uuid, engine.clock.wallMs()),
      (isHeld) => !isHeld,
    );

    bell.isRung = true;
    await wakeWorkflow(engine.store.db, uuid);
    engine.scheduler.nudge(uuid);
    const node = await untilState(uuid, 'active');

    assert.equal(waiting.targetProvisionState, 'active');
    assert.equal(node.lastError, null);
  });

  test('that is woken for nothing waits on, with the deadline that it had', async () => {
    engine = await openEngine([
      idempotent(
        'wait',
        async () => WAIT,
        async () => ({ kind: 'wait', what: WAIT.what, on: WAIT.on, remedy: WAIT.remedy }),
      ),
    ]);
    const uuid = await engine.begin(['wait']);
    engine.scheduler.nudge(uuid);
    await untilState(uuid, 'wait call-back');
    const before = await engine.workflowOf(uuid);
    engine.clock.advance(MINUTE_MS);

    await wakeWorkflow(engine.store.db, uuid);
    engine.scheduler.nudge(uuid);
    const after = await engine.until(
      () => engine.workflowOf(uuid),
      (workflow) => !workflow.isWoken && workflow.state === 'waiting',
    );

    assert.equal(after.deadlineMs, before.deadlineMs);
    assert.equal(after.wait?.sinceMs, before.wait?.sinceMs);
  });

  test('fails by its deadline with its own code, and says what to do', async () => {
    engine = await openEngine([ringing({ isRung: false })]);
    const uuid = await engine.begin(['wait']);
    engine.scheduler.nudge(uuid);
    await untilState(uuid, 'wait call-back');

    await engine.until(async () => {
      engine.clock.advance(MINUTE_MS);
      return engine.nodeOf(uuid);
    }, isStateOf('deploy failed'));

    const { failure, outcome } = await engine.workflowOf(uuid);
    const node = await engine.nodeOf(uuid);
    assert.equal(outcome, 'failed');
    assert.equal(failure?.code, 'agent.not-called');
    assert.match(node.lastError ?? '', /a bell.*the bell ringer.*Ring the bell/);
  });

  test('is given up when the node was put into maintenance meanwhile', async () => {
    engine = await openEngine([ringing({ isRung: true })]);
    const uuid = await engine.begin(['wait']);
    engine.scheduler.nudge(uuid);
    await untilState(uuid, 'wait call-back');

    await updateNode(engine.store.db, uuid, { maintenance: true });
    await wakeWorkflow(engine.store.db, uuid);
    engine.scheduler.nudge(uuid);
    await untilState(uuid, 'deploy failed');

    assert.equal((await engine.workflowOf(uuid)).failure?.code, 'node.maintenance');
  });
});

describe('a step that fails', () => {
  test('leaves its cause on the node, in history and in the journal, and nothing runs after it', async () => {
    let isSecondRun = false;
    engine = await openEngine([
      idempotent('break', async () => {
        throw new Failure('bmc.unreachable', 'The BMC at 192.0.2.1 does not answer.');
      }),
      idempotent('second', async () => {
        isSecondRun = true;
        return DONE;
      }),
    ]);
    const uuid = await engine.begin(['break', 'second']);

    engine.scheduler.nudge(uuid);
    const node = await untilState(uuid, 'deploy failed');

    assert.equal(node.lastError, 'The BMC at 192.0.2.1 does not answer.');
    assert.equal(node.targetProvisionState, 'active');
    assert.equal(isSecondRun, false);
    const history = await listHistory(engine.store.db, uuid);
    assert.deepEqual(
      history.map(({ severity, event }) => [severity, event]),
      [['ERROR', 'The BMC at 192.0.2.1 does not answer.']],
    );
    const failed = (await engine.journalOf(uuid)).find(({ event }) => event === 'failed');
    assert.equal(failed?.detail['code'], 'bmc.unreachable');
  });

  test('brings the machine to rest first, and is failed also when that fails', async () => {
    const rests: string[] = [];
    engine = await openEngine(
      [
        idempotent('break', async () => {
          throw new Failure('image.write', 'No.');
        }),
      ],
      {
        bringToRest: async (job) => {
          rests.push(job.node.provisionState);
          throw new Error('the BMC is gone too');
        },
      },
    );
    const uuid = await engine.begin(['break']);

    engine.scheduler.nudge(uuid);
    const node = await untilState(uuid, 'deploy failed');

    assert.deepEqual(rests, ['deploying']);
    assert.equal(node.lastError, 'No. The machine could not be brought to rest.');
  });

  test('by a defect of ours fails its own workflow and no other', async () => {
    engine = await openEngine([
      idempotent('break', async () => {
        throw new TypeError('x is not a function');
      }),
      idempotent('fine', async () => DONE),
    ]);
    const broken = await engine.begin(['break']);
    const fine = await engine.begin(['fine']);

    engine.scheduler.nudge(broken);
    engine.scheduler.nudge(fine);
    await untilState(broken, 'deploy failed');
    await untilState(fine, 'active');

    assert.equal((await engine.workflowOf(broken)).failure?.code, 'internal');
  });
});

describe('after a restart', () => {
  /** As if the process had died inside step `index`: the journal has its first line and not its second. */
  const dieInside = async (uuid: NodeUuid, step: string): Promise<void> => {
    const workflow = await engine.workflowOf(uuid);
    await appendJournal(engine.store.db, [
      {
        workflowId: workflow.id,
        nodeUuid: uuid,
        atMs: engine.clock.wallMs(),
        fence: 0,
        stepIndex: workflow.cursor,
        step,
        interface: 'conductor',
        event: 'started',
        detail: {},
      },
    ]);
  };

  test('a step that was begun and is idempotent is run again', async () => {
    let runs = 0;
    engine = await openEngine([
      idempotent('count', async () => {
        runs += 1;
        return DONE;
      }),
    ]);
    const uuid = await engine.begin(['count']);
    await dieInside(uuid, 'count');

    await engine.restart().recover();
    await untilState(uuid, 'active');

    assert.equal(runs, 1);
  });

  test('a step that was begun and is not idempotent is asked what to make of it, and not run', async () => {
    const calls: string[] = [];
    engine = await openEngine([
      {
        name: 'once',
        isIdempotent: false,
        run: async () => {
          calls.push('run');
          return DONE;
        },
        reconcile: async () => {
          calls.push('reconcile');
          return DONE;
        },
      },
    ]);
    const uuid = await engine.begin(['once']);
    await dieInside(uuid, 'once');

    await engine.restart().recover();
    await untilState(uuid, 'active');

    assert.deepEqual(calls, ['reconcile']);
  });

  test('a step that was never begun is run, idempotent or not', async () => {
    const calls: string[] = [];
    engine = await openEngine([
      {
        name: 'once',
        isIdempotent: false,
        run: async () => {
          calls.push('run');
          return DONE;
        },
        reconcile: async () => {
          calls.push('reconcile');
          return DONE;
        },
      },
    ]);
    const uuid = await engine.begin(['once']);

    await engine.restart().recover();
    await untilState(uuid, 'active');

    assert.deepEqual(calls, ['run']);
  });

  test('a wait whose deadline passed while nobody ran gets time to be answered before it fails', async () => {
    let looks = 0;
    const { timeoutMs: _, ...goingOn } = WAIT;
    const look = async () => {
      looks += 1;
      return goingOn;
    };
    engine = await openEngine([idempotent('wait', async () => WAIT, look)]);
    const late = await engine.begin(['wait']);
    engine.scheduler.nudge(late);
    await untilState(late, 'wait call-back');
    const workflow = await engine.workflowOf(late);
    const fence = await claimLease(engine.store.db, late, {
      owner: 'test',
      nowMs: engine.clock.wallMs(),
      leaseMs: 1,
    });
    await updateWorkflow(engine.store.db, workflow, fence ?? 0, {
      deadlineMs: engine.clock.wallMs() - 1,
    });
    await releaseLease(engine.store.db, late, fence ?? 0);

    await engine.restart().recover();
    const inTime = await engine.until(
      () => engine.workflowOf(late),
      () => looks === 1,
    );
    await untilState(late, 'wait call-back');
    engine.clock.advance(2 * DEFAULT_CONDUCTOR_OPTIONS.heartbeatTimeoutMs + 1);
    await untilState(late, 'deploy failed');

    assert.equal(inTime.failure, null);
  });

  test('an ended failure that was not yet told to the node is told', async () => {
    let rests = 0;
    engine = await openEngine([idempotent('break', async () => DONE)], {
      bringToRest: async () => {
        rests += 1;
        return [];
      },
    });
    const uuid = await engine.begin(['break']);
    const fence = await claimLease(engine.store.db, uuid, {
      owner: 'dead',
      nowMs: engine.clock.wallMs(),
      leaseMs: 1,
    });
    await updateWorkflow(engine.store.db, await engine.workflowOf(uuid), fence ?? 0, {
      failure: { code: 'image.write', text: 'The disk broke.', details: {} },
    });
    await releaseLease(engine.store.db, uuid, fence ?? 0);

    await engine.restart().recover();
    const node = await untilState(uuid, 'deploy failed');

    assert.equal(rests, 1);
    assert.equal(node.lastError, 'The disk broke.');
  });
});

describe('an owner that lost its lease', () => {
  test('stops before its next write and changes nothing', async () => {
    let goOn: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    engine = await openEngine([
      idempotent('slow', async () => {
        await gate;
        return { ...DONE, node: { description: 'written by the former owner' } };
      }),
      idempotent('after', async () => DONE),
    ]);
    const uuid = await engine.begin(['slow', 'after']);
    engine.scheduler.nudge(uuid);
    await engine.until(
      () => engine.journalOf(uuid),
      (lines) => lines.length === 1,
    );
    engine.clock.advance(61_000);
    const fence = await claimLease(engine.store.db, uuid, {
      owner: 'the next one',
      nowMs: engine.clock.wallMs(),
      leaseMs: MINUTE_MS,
    });

    goOn?.();
    // Resolves when every task of this conductor has ended.
    await engine.scheduler.stop();

    assert.equal(fence, 2);
    assert.equal((await engine.nodeOf(uuid)).description, null);
    assert.equal((await engine.workflowOf(uuid)).cursor, 0);
    assert.equal((await engine.journalOf(uuid)).length, 1);
  });
});
