// What BMCs do, one kind after the other, and how a rotation ends then: in what state, by what code and with what events;
// and that what worked before works still, no account was locked, and every password of the BMC is in the store.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type BmcCredentialRecord, changeBmcCredential } from '#store/bmc-credentials';
import { Secret } from '#trust/secret';
import type { Credential } from '#trust/secret-store/secret-store';

import { FAULT_ROWS, type FaultEnd, type FaultRow } from './bmc-kill/fault-table.ts';
import { type HereEnd, rotateHere } from './bmc-kill/here.ts';
import { FACTORY } from './bmc-kill/lab-bmc.ts';
import type { Life } from './bmc-kill/life.ts';
import { requireSafe } from './bmc-kill/matrix.ts';
import { openScene, type Scene } from './bmc-kill/scene.ts';

const DAY_MS = 86_400_000;
/** Every rotation that gets on has these; and what a budget holds back is told, and waits. */
const USUAL =
  /^bmc\.(?:rotation\.(?:started|stored|applied|verified|committed|old_dead|old_alive)|lockout\.avoided|lockout\.seen)$/;

const rotateWith = async (scene: Scene, row: FaultRow): Promise<HereEnd> => {
  for (const [name, value] of row.always ?? []) scene.bmc.setFault(name, value);
  const first = await rotateHere(scene, 'adopt');
  const isLater = row.later !== undefined || row.isLockedByOthers === true;
  if (!isLater) return first;
  assert.equal(first.record.lastResult?.outcome, 'succeeded');
  scene.passTime(DAY_MS);
  for (const [name, value] of row.later ?? []) scene.bmc.setFault(name, value);
  const { profile } = row;
  if (profile !== undefined) {
    const { parts, close } = await scene.open();
    await parts.store.transaction((trx) =>
      changeBmcCredential(trx, scene.nodeUuid, () => ({ profile })),
    );
    await close();
  }
  if (row.isLockedByOthers === true) scene.bmc.lockOut(first.record.slots.a.username);
  return rotateHere(scene, 'request');
};

const requireEnd = ({ record, events }: HereEnd, end: FaultEnd): void => {
  const { lastResult } = record;
  const number = /^BMC-CRED-(\d+) /.exec(lastResult?.text ?? '')?.[1];
  assert.deepEqual(
    {
      state: record.state,
      outcome: lastResult?.outcome,
      number,
      events: events.filter((each) => !USUAL.test(each)),
    },
    {
      state: end.state,
      outcome: end.failure === undefined ? 'succeeded' : 'failed',
      number: end.failure === undefined ? undefined : String(end.failure),
      events: end.events ?? [],
    },
    lastResult?.text,
  );
  if (end.profile !== undefined) assert.equal(record.profile, end.profile);
};

/** What is in use as the row says; before anything is, what a person gave. */
const loginInUse = async (
  { parts, openNode }: Life,
  { activeSlot: slot, slots }: BmcCredentialRecord,
): Promise<Credential> => {
  if (slot === null) return { username: FACTORY.username, password: new Secret(FACTORY.password) };
  const { ref } = slots[slot];
  assert.ok(ref !== null);
  const { uuid: nodeUuid } = await openNode();
  return (await parts.secrets.getWrite({ nodeUuid, slot }, ref)).credential;
};

const requireWayIn = async (scene: Scene, life: Life, record: BmcCredentialRecord) => {
  // As time passes, and as the BMC is once it is mended.
  scene.passTime(DAY_MS);
  scene.bmc.mend();
  const node = await life.openNode();
  const login = await loginInUse(life, record);
  for (const door of life.doors(node)) await door.proveLogin(node, login);
};

for (const row of FAULT_ROWS) {
  for (const strategy of ['dual', 'single'] as const) {
    test(`${strategy}: a BMC (${row.driver}) that ${row.what}`, async (t) => {
      const scene = await openScene({
        driver: row.driver,
        secrets: { kind: 'embedded' },
        options: { strategy, isWeakAllowed: row.isWeakAllowed === true },
      });
      t.after(scene.close);

      const end = await rotateWith(scene, row);

      requireEnd(end, row[strategy]);
      const life = await scene.open();
      t.after(life.close);
      if (row.isLockedByOthers !== true) await requireSafe(scene, life);
      if (row[strategy].state !== 'lost') await requireWayIn(scene, life, end.record);
    });
  }
}
