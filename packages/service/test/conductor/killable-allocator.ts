// A conductor's search for nodes as a process of its own, for tests that kill it: works on what stands in the store,
// and dies by SIGKILL around the write that it was told.
//
//   killable-allocator.ts DIRECTORY [WRITE before|inside|after]
//
// Ends by itself when nothing is left to do.

import { join } from 'node:path';

import { systemClock } from '#clock';
import { makeAllocator } from '#conductor/allocation/allocator';
import { makeLog } from '#observe/log';
import { listOpenAllocations } from '#store/allocations';
import { openStore, type Store } from '#store/database';

const [directory = '', write, when] = process.argv.slice(2);
const store = await openStore({ engine: 'sqlite', path: join(directory, 'bessemer.sqlite') });

let writes = 0;
const die = (side: 'before' | 'inside' | 'after'): void => {
  if (writes === Number(write) && side === when) process.kill(process.pid, 'SIGKILL');
};
const transaction: Store['transaction'] = async (work) => {
  writes += 1;
  die('before');
  const result = await store.transaction(async (trx) => {
    const made = await work(trx);
    die('inside');
    return made;
  });
  die('after');
  return result;
};

const log = makeLog({ level: 'warn' });
const allocator = makeAllocator({ store: { ...store, transaction }, clock: systemClock, log });
allocator.start();
while ((await listOpenAllocations(store.db, { limit: 1 })).length > 0) {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}
await allocator.stop();
await store.close();
