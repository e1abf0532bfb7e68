// A conductor killed with SIGKILL before and after every journal line loses nothing: started again it ends where
// it would have ended, and what must not be done twice was done once.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { openStore, type Store } from '#store/database';
import { type JournalLine, listJournal } from '#store/journals';
import { findNode, insertNode } from '#store/nodes';
import { findLastWorkflow } from '#store/workflows';

import type { NodeRecord } from '@bessemer/protocol/node/record';
import type { ProvisionState } from '@bessemer/protocol/node/states';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import { type BundledProgram, bundleProgram } from '../bundled-program.ts';
import { FAKE_INTERFACES, NOW_MS } from './with-engine.ts';

const SERVICE = join(import.meta.dirname, 'killable-service.ts');
/** More lines than any of the plans below writes: the loop ends when a run is not killed any more. */
const LINES_MAX = 60;
const ALL_LINES = Array.from({ length: LINES_MAX }, (_each, index) => index + 1);
/** A process that hangs is a failure of the test, not of the machine it runs on. */
const PROCESS_MS_MAX = 60_000;

let service: BundledProgram;
before(async () => {
  service = await bundleProgram([SERVICE]);
});
after(() => service.remove());

type Ended = { readonly signal: string | null; readonly code: number | null; readonly out: string };

const runService = (args: readonly string[]): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [service.program, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // Compiled code of the first process is kept, for the other two hundred.
      env: { ...process.env, NODE_COMPILE_CACHE: service.cache },
      timeout: PROCESS_MS_MAX,
      killSignal: 'SIGTERM',
    });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, out: out.trim() }));
  });

type Case = {
  readonly verb: string;
  readonly from: ProvisionState;
  readonly to: ProvisionState;
  /** Of the lines only these, to save time; undefined: all. */
  readonly lines?: readonly number[];
};

type Scene = {
  readonly directory: string;
  readonly uuid: NodeUuid;
};

const withStore = async <T>(directory: string, work: (store: Store) => Promise<T>): Promise<T> => {
  const store = await openStore({ engine: 'sqlite', path: join(directory, 'bessemer.sqlite') });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
};

const setScene = async ({ from }: Case): Promise<Scene> => {
  const directory = mkdtempSync(join(tmpdir(), 'bessemer-kill-'));
  const uuid = randomUUID() as NodeUuid;
  await withStore(directory, (store) =>
    insertNode(
      store.db,
      {
        uuid,
        driver: 'fake-hardware',
        interfaces: { ...FAKE_INTERFACES, rescue: 'fake' },
        provisionState: from,
        powerState: from === 'active' ? 'power on' : 'power off',
        instanceUuid: from === 'active' ? randomUUID() : null,
      },
      { nowMs: NOW_MS },
    ),
  );
  return { directory, uuid };
};

const effectsOf = ({ directory }: Scene): readonly string[] =>
  readFileSync(join(directory, 'effects'), 'utf8').trim().split('\n');

type Outcome = {
  readonly node: NodeRecord | undefined;
  readonly lines: readonly JournalLine[];
  readonly outcome: string | null | undefined;
};

const read = ({ directory, uuid }: Scene): Promise<Outcome> =>
  withStore(directory, async (store) => ({
    node: await findNode(store.db, uuid),
    lines: await listJournal(store.db, uuid, { afterSeq: 0, limit: 1_000 }),
    outcome: (await findLastWorkflow(store.db, uuid))?.outcome,
  }));

/** Every step of every workflow ended exactly once, whatever was begun again. */
const assertEachStepEndedOnce = (lines: readonly JournalLine[]): void => {
  const ended = lines
    .filter(({ event }) => event === 'ended')
    .map(({ workflowId, stepIndex }) => `${workflowId} ${stepIndex}`);
  assert.equal(new Set(ended).size, ended.length);
  assert.deepEqual(
    lines.filter(({ event }) => event === 'failed' || event === 'aborted'),
    [],
  );
};

const killAndRestart = async (
  { verb, from, to }: Case,
  scene: Scene,
  line: number,
  when: 'before' | 'after',
): Promise<boolean> => {
  const args = [scene.directory, scene.uuid, verb, from];
  const first = await runService([...args, String(line), when]);
  if (first.signal === null) {
    assert.equal(first.out, to);
    return false;
  }
  assert.equal(first.signal, 'SIGKILL');

  const second = await runService(args);

  assert.equal(second.out, to, `killed ${when} line ${line}`);
  const { node, lines, outcome } = await read(scene);
  assert.equal(outcome, 'succeeded');
  assert.equal(node?.lastError, null);
  assert.equal(node?.reservation, null);
  assert.equal(node?.maintenance, false);
  assertEachStepEndedOnce(lines);
  return true;
};

const CASES: readonly Case[] = [
  { verb: 'active', from: 'available', to: 'active' },
  { verb: 'provide', from: 'manageable', to: 'available' },
  { verb: 'deleted', from: 'active', to: 'available' },
  { verb: 'rescue', from: 'active', to: 'rescue', lines: [1, 3, 4] },
  { verb: 'unrescue', from: 'rescue', to: 'active', lines: [1, 2] },
  { verb: 'service', from: 'active', to: 'active', lines: [2, 3] },
  { verb: 'clean', from: 'manageable', to: 'manageable', lines: [2, 3, 4] },
];

describe('a conductor killed at a journal line', { concurrency: 2 }, () => {
  for (const each of CASES) {
    for (const when of ['before', 'after'] as const) {
      test(`ends "${each.verb}" all the same, killed ${when} any of its lines`, async () => {
        let killed = 0;
        for (const line of each.lines ?? ALL_LINES) {
          const scene = await setScene(each);
          try {
            const wasKilled = await killAndRestart(each, scene, line, when);
            if (!wasKilled) {
              assert.equal(each.lines, undefined, `there is no line ${line}`);
              break;
            }
            killed += 1;
            // One kill repeats at most the one step that it hit.
            const effects = effectsOf(scene);
            assert.ok(effects.length - new Set(effects).size <= 1, effects.join());
          } finally {
            rmSync(scene.directory, { recursive: true, force: true });
          }
        }
        assert.ok(killed >= 2 && killed < LINES_MAX, `killed ${killed} times`);
      });
    }
  }
});
