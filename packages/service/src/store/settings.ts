// Facts about this store itself, by key.

import type { Queryable } from './database.ts';

export const findSetting = async (
  queryable: Queryable,
  key: string,
): Promise<string | undefined> => {
  const row = await queryable
    .selectFrom('setting')
    .select('value')
    .where('key', '=', key)
    .executeTakeFirst();
  return row?.value;
};

export const putSetting = async (
  queryable: Queryable,
  key: string,
  value: string,
): Promise<void> => {
  await queryable
    .insertInto('setting')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
};

/** The stored value, or `value` stored now: the first writer wins. */
export const keepSetting = async (
  queryable: Queryable,
  key: string,
  value: string,
): Promise<string> => {
  await queryable
    .insertInto('setting')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  return (await findSetting(queryable, key)) ?? value;
};
