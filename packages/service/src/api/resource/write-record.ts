// Writing one record: stamped, and refused with 409 where another one has its name or somebody else was faster.

import { isoTime } from '#clock';
import type { NewRecord, RecordChanges, RecordTable } from '#store/record-table';

import type { ApiParts } from '../api-parts.ts';
import { changedMeanwhile, refuseTaken } from './record-conflict.ts';

type Named = { readonly id: number; readonly uuid: string; readonly name?: string };
type Times = { readonly createdAt: string; readonly updatedAt: string | null };
type Kept<R> = { readonly noun: string; readonly table: RecordTable<R> };

export const insertRecord = <R extends Named & Times>(
  { store, clock }: ApiParts,
  { noun, table }: Kept<R>,
  record: NewRecord<R> & Omit<Named, 'id'>,
): Promise<R> =>
  table
    .insert(store.db, record, { nowMs: clock.wallMs() })
    .catch((error: unknown) => refuseTaken(error, noun, record));

/** The record as it is after the changes; nothing is written when there are none. */
export const updateRecord = async <R extends Named & Times>(
  { store, clock }: ApiParts,
  { noun, table }: Kept<R>,
  record: R,
  asked: RecordChanges<R>,
): Promise<R> => {
  if (Object.keys(asked).length === 0) return record;
  const changes = { ...asked, updatedAt: isoTime(clock.wallMs()) };
  const wanted = { ...record, ...changes };
  const isWritten = await table
    .update(store.db, record, changes)
    .catch((error: unknown) => refuseTaken(error, noun, wanted));
  if (!isWritten) throw changedMeanwhile(noun, record.uuid);
  return wanted;
};
