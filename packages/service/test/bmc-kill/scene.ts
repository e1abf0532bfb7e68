// A node, its BMC, its database and its place in a secret store, and the processes that work on it one after the other.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { BmcCredentialOptions } from '#conductor/bmc-credential/options';
import { makeDriverRegistry, DEFAULT_DRIVER_OPTIONS } from '#drivers/registry';
import { openStore } from '#store/database';
import { insertNode } from '#store/nodes';
import { keepDriverInfo } from '#trust/driver-secrets';
import { openKeyRing } from '#trust/key-ring';

import { makeLeapingClock } from './leaping-clock.ts';
import { openSceneBmc, type SceneBmc } from './lab-bmc.ts';
import { LEASE_MS, type Life, type LifeSetup, openLife, type SecretsAt } from './life.ts';
import type { ProcessBundle } from './process-bundle.ts';

export type SceneOptions = {
  readonly driver: 'redfish' | 'ipmi';
  readonly secrets: SecretsAt;
  readonly options: Partial<BmcCredentialOptions>;
};

export type Point = { readonly at: string; readonly name: string };

export type LifeEnd =
  | { readonly end: 'killed' }
  | { readonly end: 'wait'; readonly afterMs: number; readonly code: string }
  | { readonly end: 'ended'; readonly outcome: string; readonly text: string | null }
  | { readonly end: 'nothing' | 'lease-lost' };

export type LifeReport = {
  readonly end: LifeEnd;
  readonly points: readonly Point[];
  readonly events: readonly string[];
};

export type RunningLife = {
  readonly child: ChildProcess;
  readonly report: Promise<LifeReport>;
};

export type Scene = {
  readonly bmc: SceneBmc;
  readonly directory: string;
  readonly nodeUuid: NodeUuid;
  readonly passTime: (ms: number) => void;
  /** In this process. */
  readonly open: (ways?: Omit<Parameters<typeof openLife>[1], 'clock'>) => Promise<Life>;
  readonly begin: (trigger: 'adopt' | 'request') => Promise<void>;
  /** In a process of its own. */
  readonly start: (environment?: { readonly [name: string]: string }) => RunningLife;
  readonly live: (killAt?: string) => Promise<LifeReport>;
  readonly close: () => Promise<void>;
};

const KEY_BYTES = 32;
/** Where answers are lost on purpose. */
const QUICK_MS = [400, 800];
/** Where a machine that is busy would look like a BMC that is away. */
const PATIENT_MS = [3_000, 9_000];

const readLines = async (child: ChildProcess): Promise<LifeReport> => {
  const points: Point[] = [];
  const events: string[] = [];
  let end: LifeEnd = { end: 'killed' };
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const closed = once(child, 'close');
  if (child.stdout === null) throw new Error('the process has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    // Only rotation-process.ts writes there.
    const told = JSON.parse(line) as {
      point?: string;
      name?: string;
      event?: string;
      end?: string;
    };
    if (told.point !== undefined) points.push({ at: told.point, name: told.name ?? '' });
    else if (told.event !== undefined) events.push(told.event);
    else end = told as LifeEnd;
  }
  const [code, signal] = (await closed) as [number | null, string | null];
  if (signal !== 'SIGKILL' && code !== 0)
    throw new Error(`the process ended with ${code}: ${said}`);
  if (signal !== 'SIGKILL' && end.end === 'killed') throw new Error('the process told no end');
  return { end, points, events };
};

/** Without a bundle it has no processes, and rotations are made by `open`. */
export const openScene = async (
  { driver, secrets, options }: SceneOptions,
  bundle?: ProcessBundle,
): Promise<Scene> => {
  const clock = makeLeapingClock();
  const directory = await mkdtemp(join(tmpdir(), 'bessemer-kill-'));
  const keys = join(directory, 'keys');
  await mkdir(keys, { mode: 0o700 });
  await writeFile(join(keys, 'kek-0001'), randomBytes(KEY_BYTES), { mode: 0o400 });
  const bmc = await openSceneBmc(driver, clock);
  const setup: LifeSetup = {
    database: join(directory, 'bessemer.sqlite'),
    keys,
    secrets,
    nodeUuid: randomUUID() as NodeUuid,
    options,
    insidePort: options.path === 'inband' ? bmc.insidePort : null,
    ipmiWaitsMs: bundle === undefined ? QUICK_MS : PATIENT_MS,
  };
  const setupFile = join(directory, 'setup.json');
  await writeFile(setupFile, JSON.stringify(setup), { mode: 0o600 });
  const { nodeUuid } = setup;
  const store = await openStore({ engine: 'sqlite', path: setup.database });
  const kept = keepDriverInfo(await openKeyRing(keys), nodeUuid, bmc.driverInfo);
  const registry = makeDriverRegistry({
    options: DEFAULT_DRIVER_OPTIONS,
    clock,
    log: { info: () => undefined, warn: () => undefined, debug: () => undefined },
  });
  const interfaces = registry.chooseInterfaces(driver, {});
  await registry.close();
  await store.transaction((trx) =>
    insertNode(trx, { uuid: nodeUuid, driver, interfaces, ...kept }, { nowMs: clock.wallMs() }),
  );
  await store.close();

  const children = new Set<ChildProcess>();
  const start: Scene['start'] = (environment = {}) => {
    if (bundle === undefined) throw new Error('this scene has no processes');
    // Who died left its lease behind.
    clock.leap(LEASE_MS + 1);
    const child = spawn(process.execPath, [bundle.program, setupFile], {
      // Where a core would be.
      cwd: directory,
      env: {
        PATH: process.env['PATH'] ?? '',
        NODE_COMPILE_CACHE: bundle.cache,
        ROTATION_CLOCK_MS: String(clock.shiftMs()),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    child.once('close', () => children.delete(child));
    return { child, report: readLines(child) };
  };
  const open: Scene['open'] = (ways = {}) => openLife(setup, { ...ways, clock });
  return {
    bmc,
    directory,
    nodeUuid,
    passTime: clock.leap,
    open,
    begin: async (trigger) => {
      clock.leap(LEASE_MS + 1);
      const life = await open();
      const fence = await life.claim();
      if (fence === undefined) throw new Error('the lease of the last process did not run out');
      await life.begin(trigger, fence);
      await life.close();
    },
    start,
    live: (killAt) => start(killAt === undefined ? {} : { ROTATION_KILL_AT: killAt }).report,
    close: async () => {
      for (const child of children) child.kill('SIGKILL');
      await bmc.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
