// The service's own poller over a real store, in a process of its own. One sweep a message.

import { join } from 'node:path';

import { openStore } from '../packages/service/src/store/database.ts';
import { openKeyRing } from '../packages/service/src/trust/key-ring.ts';

import { addressOfAgent, tokenOfAgent } from './simulated-agents.ts';
import { seedBoundSessions } from './seed-sessions.ts';
import { costOf } from './sweep-cost.ts';
import { makeSweep } from './sweep-subject.ts';

export type PollProcessStart = {
  readonly directory: string;
  readonly count: number;
  readonly ports: readonly number[];
  readonly pins: readonly string[];
};

const start = async (wish: PollProcessStart): Promise<() => Promise<unknown>> => {
  const store = await openStore({ engine: 'sqlite', path: join(wish.directory, 'poll.sqlite') });
  const keys = await openKeyRing(join(wish.directory, 'keys'));
  await seedBoundSessions(store, keys, {
    count: wish.count,
    route: 'poll',
    isAwaited: true,
    agentOf: (index) => {
      const address = addressOfAgent(index);
      const place = index % wish.ports.length;
      return {
        token: tokenOfAgent(address),
        callbackUrl: `https://${address}:${wish.ports[place]}`,
        address,
        pin: wish.pins[place] ?? '',
      };
    },
  });
  const sweep = await makeSweep(store, keys);
  return async () => {
    const beforeMs = Date.now();
    const cost = await costOf(sweep);
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
