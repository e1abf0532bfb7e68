// One rotation per place in it where a process can die, and what has to be true afterwards wherever that was.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { sweepSecrets } from '#conductor/bmc-credential/sweep-secrets';
import { findBmcCredential, type BmcCredentialRecord } from '#store/bmc-credentials';
import type { SecretStore, StoredCredential } from '#trust/secret-store/secret-store';

import { FACTORY, type HeldAccount } from './lab-bmc.ts';
import type { Life } from './life.ts';
import type { ProcessBundle } from './process-bundle.ts';
import { type LifeReport, openScene, type Point, type Scene, type SceneOptions } from './scene.ts';

export type Drill = SceneOptions & {
  /** The first rotation of a node, from the login that a person gave, or the one after it. */
  readonly trigger: 'adopt' | 'request';
};

export type DrillEnd = {
  readonly lives: number;
  readonly logins: number;
  readonly refusals: number;
  readonly points: readonly Point[];
  readonly events: readonly string[];
};

const LIVES_MAX = 40;
/** More than this many refused logins per death are more than the design needs. */
const REFUSALS_PER_DEATH_MAX = 2;
/** A life that died may leave one login that nobody needed, the next one the search for what works. */
const LOGINS_PER_DEATH_MAX = 6;

/** Adopted without a death, where the drill is about the rotation after that. */
export const prepare = async (scene: Scene, { trigger }: Pick<Drill, 'trigger'>): Promise<void> => {
  if (trigger === 'request') {
    await scene.begin('adopt');
    const { end } = (await liveToTheEnd(scene)).last;
    assert.equal(end.end === 'ended' ? end.outcome : end.end, 'succeeded');
  }
  await scene.begin(trigger);
};

/** Life after life until the rotation is over; the first ones die where `killAt` says. */
export const liveToTheEnd = async (
  scene: Scene,
  killAt: readonly string[] = [],
): Promise<{ readonly last: LifeReport; readonly lives: readonly LifeReport[] }> => {
  const lives: LifeReport[] = [];
  for (const at of killAt) lives.push(await scene.live(at));
  for (;;) {
    const last = lives.at(-1);
    if (last?.end.end === 'wait') scene.passTime(last.end.afterMs);
    const isOver = last !== undefined && ['ended', 'nothing'].includes(last.end.end);
    if (isOver) return { last, lives };
    assert.ok(
      lives.length < LIVES_MAX,
      `the rotation does not come to an end: ${lastWords(lives)}`,
    );
    lives.push(await scene.live());
  }
};

const lastWords = (lives: readonly LifeReport[]): string =>
  JSON.stringify(lives.slice(-3).map(({ end, points }) => [end, points.at(-1)]));

const readAll = async (secrets: SecretStore, nodeUuid: string): Promise<StoredCredential[]> => {
  const versions = await secrets.list(nodeUuid);
  return Promise.all(versions.map((each) => secrets.get(each, each.version)));
};

const loginOf = ({ username, password }: HeldAccount): string => `${username} ${password}`;
const storedLogin = ({ credential: { username, password } }: StoredCredential): string =>
  `${username} ${password.reveal()}`;

const activeOf = (record: BmcCredentialRecord): { slot: 'a' | 'b'; ref: string } => {
  const slot = record.activeSlot;
  const ref = slot === null ? null : record.slots[slot].ref;
  assert.ok(slot !== null && ref !== null, 'nothing is in use');
  return { slot, ref };
};

/** What holds at every instant, also before the end. */
export const requireSafe = async (scene: Scene, life: Life): Promise<void> => {
  const stored = (await readAll(life.parts.secrets, scene.nodeUuid)).map(storedLogin);
  stored.push(loginOf({ ...FACTORY, isEnabled: true }));
  for (const account of scene.bmc.accounts()) {
    // What a BMC cut off is in the store, too.
    const isKnown = stored.some((each) => each.startsWith(loginOf(account)));
    assert.ok(isKnown, `a password of ${account.username} is in no store`);
  }
  assert.ok(!scene.bmc.isAnyLocked(), 'an account was locked');
};

const SUCCEEDED = 'The credentials were rotated.';

/** The files of the processes that died hold no password: not the database, not a core. */
const requireSilent = async (scene: Scene): Promise<void> => {
  const passwords = scene.bmc.accounts().map(({ password }) => password);
  for (const name of await readdir(scene.directory, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    assert.ok(!name.name.startsWith('core'), 'a process left a core');
    const text = await readFile(join(name.parentPath, name.name), 'latin1');
    const isTold = passwords.some((each) => each !== '' && text.includes(each));
    assert.ok(!isTold, `${name.name} holds a password of the BMC`);
  }
};

/** What holds when a rotation is over that nothing but deaths stood in the way of. */
const requireGoodEnd = async (scene: Scene, before: readonly HeldAccount[]): Promise<void> => {
  const life = await scene.open();
  try {
    await requireSafe(scene, life);
    const { parts } = life;
    const record = await findBmcCredential(parts.store.db, scene.nodeUuid);
    assert.ok(record !== undefined);
    const found = [record.state, record.lastResult?.outcome, record.lastResult?.text];
    assert.deepEqual(found, ['managed', 'succeeded', SUCCEEDED]);
    const { slot, ref } = activeOf(record);
    const place = { nodeUuid: scene.nodeUuid, slot };
    const { credential } = await parts.secrets.getWrite(place, ref);
    const node = await life.openNode();
    for (const door of life.doors(node)) await door.proveLogin(node, credential);
    requireOldDead(scene, before, record);
    await requireSilent(scene);
    await requireSwept(scene, life);
  } finally {
    await life.close();
  }
};

/** When the grace is over nothing is left that the row does not name, and all that it names is there. */
const requireSwept = async (scene: Scene, life: Life): Promise<void> => {
  const { parts } = life;
  scene.passTime(parts.options.orphanGraceMs + 1);
  await sweepSecrets(parts);
  const record = await findBmcCredential(parts.store.db, scene.nodeUuid);
  assert.ok(record !== undefined);
  const { slots, given, superseded } = record;
  const named = new Set([
    ...Object.entries(slots).flatMap(([slot, { ref, possible }]) =>
      [ref, ...possible].map((each) => `${slot} ${each}`),
    ),
    ...superseded.map(({ slot, ref }) => `${slot} ${ref}`),
    `given ${given?.ref}`,
  ]);
  const stored = await readAll(parts.secrets, scene.nodeUuid);
  const orphans = stored.map(({ slot, writeId }) => `${slot} ${writeId}`);
  assert.deepEqual(
    orphans.filter((each) => !named.has(each)),
    [],
    'secrets that nothing names',
  );
  // What went out of use may be gone; what may be logged in with must not.
  for (const [slot, { ref }] of Object.entries(slots)) {
    if (ref !== null) assert.ok(orphans.includes(`${slot} ${ref}`), `${slot} ${ref} was destroyed`);
  }
  await requireSafe(scene, life);
};

const requireOldDead = (
  scene: Scene,
  before: readonly HeldAccount[],
  { slots }: BmcCredentialRecord,
): void => {
  const own = [slots.a.username, slots.b.username];
  const alive = new Set(scene.bmc.accounts().map(loginOf));
  // What it was given it leaves as it is, unless it made that its own.
  const old = before.filter(({ username }) => own.includes(username));
  for (const each of old)
    assert.ok(!alive.has(loginOf(each)), `${each.username}: the old one works`);
};

export const runDrill = async (
  bundle: ProcessBundle,
  drill: Drill,
  killAt: readonly string[],
): Promise<DrillEnd> => {
  const scene = await openScene(drill, bundle);
  try {
    await prepare(scene, drill);
    const before = scene.bmc.accounts();
    const [logins, refusals] = [scene.bmc.loginCount(), scene.bmc.refusalCount()];
    const { lives } = await liveToTheEnd(scene, killAt);
    const end: DrillEnd = {
      lives: lives.length,
      logins: scene.bmc.loginCount() - logins,
      refusals: scene.bmc.refusalCount() - refusals,
      points: lives.flatMap(({ points }) => points),
      events: lives.flatMap(({ events }) => events),
    };
    // It died where it was told to, or the matrix has holes.
    assert.deepEqual(
      lives
        .slice(0, killAt.length)
        .map(({ end: { end: how }, points }) => [how, points.at(-1)?.at]),
      killAt.map((at) => ['killed', at]),
    );
    await requireGoodEnd(scene, before);
    return end;
  } finally {
    await scene.close();
  }
};

/** Both sides of every point that a rotation without a death passes. */
export const pointsOf = async (
  bundle: ProcessBundle,
  drill: Drill,
): Promise<{ readonly points: readonly Point[]; readonly quiet: DrillEnd }> => {
  const quiet = await runDrill(bundle, drill, []);
  assert.equal(quiet.lives, 1, JSON.stringify(quiet));
  return { points: quiet.points, quiet };
};

export const requireWithinBudget = (end: DrillEnd, quiet: DrillEnd, deaths: number): void => {
  const refusalsMax = quiet.refusals + deaths * REFUSALS_PER_DEATH_MAX;
  assert.ok(end.refusals <= refusalsMax, `${end.refusals} refused logins`);
  const loginsMax = quiet.logins + deaths * LOGINS_PER_DEATH_MAX;
  assert.ok(end.logins <= loginsMax, `${end.logins} logins instead of ${quiet.logins}`);
};

export type MatrixEnd = {
  deaths: number;
  lives: number;
  refusalsMost: number;
  loginsMost: number;
};

/** Dies once per place, on `sideBySide` scenes of their own at the same time. Every failure names its place. */
export const runMatrix = async (
  bundle: ProcessBundle,
  drill: Drill,
  {
    places,
    quiet,
    sideBySide,
  }: {
    readonly places: readonly Point[];
    readonly quiet: DrillEnd;
    readonly sideBySide: number;
  },
): Promise<MatrixEnd> => {
  const sum: MatrixEnd = { deaths: 0, lives: 0, refusalsMost: 0, loginsMost: 0 };
  const left = [...places];
  const work = async (): Promise<void> => {
    for (let place = left.shift(); place !== undefined; place = left.shift()) {
      try {
        const end = await runDrill(bundle, drill, [place.at]);
        requireWithinBudget(end, quiet, 1);
        sum.deaths += 1;
        sum.lives += end.lives;
        sum.refusalsMost = Math.max(sum.refusalsMost, end.refusals);
        sum.loginsMost = Math.max(sum.loginsMost, end.logins);
      } catch (error) {
        throw new Error(`killed at ${place.at} ${place.name}: ${String(error)}`, { cause: error });
      }
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, work));
  return sum;
};
