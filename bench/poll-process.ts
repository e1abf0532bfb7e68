// The service's own poller over a real store, in a process of its own. One sweep a message. The store was filled by
// another process: what that leaves in memory is none of the poller's.

import { makeConductorIdentity } from '../packages/service/src/trust/certificate/conductor-identity.ts';

import { openBenchStore } from './bench-store.ts';
import { costOf } from './sweep-cost.ts';
import { makeSweep } from './sweep-subject.ts';

export type PollProcessStart = {
  readonly directory: string;
  readonly count: number;
  /** Shown to the agents. */
  readonly client: { readonly certificatePem: string; readonly keyPem: string };
};

const start = async (wish: PollProcessStart): Promise<() => Promise<unknown>> => {
  const { store, keys } = await openBenchStore(wish.directory);
  const { certificatePem, keyPem } = wish.client;
  const sweep = makeSweep(store, keys, makeConductorIdentity(certificatePem, keyPem));
  return async () => {
    const beforeMs = Date.now();
    const cost = await costOf(async () => {
      const { asked, failed } = await sweep();
      if (asked !== wish.count || failed > 0) throw new Error(`${failed} of ${asked} polls failed`);
    });
    const [row] = await store.db
      .selectFrom('agent_session')
      .select((select) => select.fn.countAll<number>().as('seen'))
      .where('last_seen_ms', '>=', beforeMs)
      .execute();
    const [woken] = await store.db
      .selectFrom('workflow')
      .select((select) => select.fn.countAll<number>().as('woken'))
      .where('woken', '=', 1)
      .execute();
    await store.db.updateTable('workflow').set({ woken: 0 }).execute();
    return { ...cost, seen: row?.seen ?? 0, woken: woken?.woken ?? 0 };
  };
};

process.once('message', (wish: PollProcessStart) => {
  void start(wish).then((sweep) => {
    process.send?.({});
    process.on('message', () => {
      void sweep().then((result) => process.send?.(result));
    });
  });
});
process.on('disconnect', () => process.exit(0));
