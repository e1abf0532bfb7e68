// Secrets that are of no use any more are destroyed: those that went out of use some time ago, and those that no row
// names, as a process leaves them that died at the wrong moment.
//
// A row may be older than the store: the database was restored from a copy. What the store has and the row does not know
// may be the very password that the BMC has now. So a secret of a slot is destroyed only when the account was logged in
// to with another one after it was stored, and nothing is destroyed of a node that has no row at all.

import type { NodeUuid } from '@bessemer/protocol/uuid';

import {
  type BmcCredentialRecord,
  changeBmcCredential,
  findBmcCredential,
  listBmcCredentials,
  type SecretRef,
  type SupersededSecret,
} from '#store/bmc-credentials';
import { findOpenRotation } from '#store/bmc-rotations';
import type { SecretVersion } from '#trust/secret-store/secret-store';

import { GIVEN_PLACE } from './rotation/kept-secrets.ts';
import type { RotationParts } from './rotation/rotation-run.ts';

const PAGE = 200;

type Named = { readonly slot: string; readonly ref: SecretRef };

const namedBy = ({ slots, given, superseded }: BmcCredentialRecord): readonly Named[] => [
  ...Object.entries(slots).flatMap(([slot, { ref, possible }]) =>
    [...possible, ...(ref === null ? [] : [ref])].map((each) => ({ slot, ref: each })),
  ),
  ...(given === null ? [] : [{ slot: GIVEN_PLACE, ref: given.ref }]),
  ...superseded,
];

const isSame = (one: Named, other: Named): boolean =>
  one.slot === other.slot && one.ref === other.ref;

/** What went out of use long enough ago, and is not in use again by another name. */
const isOver = (
  each: SupersededSecret,
  record: BmcCredentialRecord,
  { options, clock }: RotationParts,
): boolean =>
  each.sinceMs + options.retainOldMs <= clock.wallMs() &&
  !namedBy({ ...record, superseded: [] }).some((other) => isSame(each, other));

const destroyOver = async (parts: RotationParts, record: BmcCredentialRecord): Promise<void> => {
  const { secrets, store } = parts;
  const { nodeUuid } = record;
  const over = record.superseded.filter((each) => isOver(each, record, parts));
  if (over.length === 0) return;
  for (const { slot, ref } of over) {
    const place = { nodeUuid, slot };
    const found = await secrets.findWrite(place, ref);
    if (found !== undefined) await secrets.destroy(place, found.version);
  }
  await store.transaction((transaction) =>
    changeBmcCredential(transaction, nodeUuid, ({ superseded }) => ({
      superseded: superseded.filter((each) => !over.some((other) => isSame(each, other))),
    })),
  );
};

const isSucceeded = ({ slots }: BmcCredentialRecord, version: SecretVersion): boolean => {
  const { slot, createdMs } = version;
  if (slot !== 'a' && slot !== 'b') return true;
  return createdMs < (slots[slot].verifiedAtMs ?? 0);
};

const destroyOrphansOf = async (parts: RotationParts, nodeUuid: NodeUuid): Promise<void> => {
  const { secrets, store, options, clock, note } = parts;
  const record = await findBmcCredential(store.db, nodeUuid);
  // What it stores next is not named yet.
  if (record === undefined || (await findOpenRotation(store.db, nodeUuid)) !== undefined) return;
  const versions = await secrets.list(nodeUuid);
  const named = namedBy(record);
  if (versions.length <= named.length) return;
  const kept = new Set<string>();
  for (const { slot, ref } of named) {
    const found = await secrets.findWrite({ nodeUuid, slot }, ref);
    if (found !== undefined) kept.add(`${slot}/${found.version}`);
  }
  for (const each of versions) {
    const { slot, version, createdMs } = each;
    const isYoung = createdMs + options.orphanGraceMs > clock.wallMs();
    if (isYoung || kept.has(`${slot}/${version}`) || !isSucceeded(record, each)) continue;
    await secrets.destroy({ nodeUuid, slot }, version);
    const event = { name: 'bmc.store.orphan_destroyed', detail: { slot, version } } as const;
    await store.transaction((transaction) => note(transaction, { uuid: nodeUuid }, event));
  }
};

/** Throws Failure of the store; what was left is found the next time. */
export const sweepSecrets = async (parts: RotationParts): Promise<void> => {
  for (let after = ''; ;) {
    const page = await listBmcCredentials(parts.store.db, after, PAGE);
    for (const record of page) await destroyOver(parts, record);
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.nodeUuid;
  }
  for await (const nodeUuid of parts.secrets.listNodes()) {
    await destroyOrphansOf(parts, nodeUuid as NodeUuid);
  }
};
