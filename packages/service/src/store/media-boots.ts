// Further boots from one medium: the token in it stays, what the agent of the boot before was bound to does not.

import type { Queryable } from './database.ts';

/** False when the session is not bound any more, or this boot was counted before. */
export const awaitNextMediaBoot = async (
  queryable: Queryable,
  sessionId: string,
  mediaBoots: number,
): Promise<boolean> => {
  const result = await queryable
    .updateTable('agent_session')
    .set({
      state: 'SEALED',
      media_boots: mediaBoots,
      callback_url: null,
      address: null,
      bound_at_ms: null,
      agent_started_at_ms: null,
    })
    .where('id', '=', sessionId)
    .where('state', '=', 'BOUND')
    .where('media_boots', '<', mediaBoots)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
};
