// The only buffers of an image on its way: a few, of fixed size, used again and again. Whoever wants one waits
// until there is one; that is the back-pressure. They are shared memory, so that the hashing thread needs no copy.

import { makeAlignedMemory } from './direct-file.ts';

export type Block = {
  readonly shared: SharedArrayBuffer;
  readonly bytes: Buffer;
  length: number;
  /** How many still use it. */
  users: number;
};

export const BLOCK_BYTES = 2 * 1024 * 1024;

export type BlockPool = {
  readonly take: () => Promise<Block>;
  /** One user less; free again after the last. */
  readonly release: (block: Block) => void;
  /** Wakes those who wait: no block will come any more. */
  readonly fail: (error: unknown) => void;
};

export const makeBlockPool = (count: number): BlockPool => {
  const free: Block[] = Array.from({ length: count }, () => {
    const shared = makeAlignedMemory(BLOCK_BYTES);
    return { shared, bytes: Buffer.from(shared), length: 0, users: 0 };
  });
  type Waiting = { resolve: (block: Block) => void; reject: (error: unknown) => void };
  const waiting: Waiting[] = [];
  let failure: { readonly error: unknown } | null = null;
  return {
    take: async () => {
      if (failure !== null) throw failure.error;
      const block =
        free.pop() ??
        (await new Promise<Block>((resolve, reject) => {
          waiting.push({ resolve, reject });
        }));
      block.length = 0;
      block.users = 1;
      return block;
    },
    release: (block) => {
      block.users -= 1;
      if (block.users > 0) return;
      const next = waiting.shift();
      if (next === undefined) free.push(block);
      else next.resolve(block);
    },
    fail: (error) => {
      failure ??= { error };
      for (const one of waiting.splice(0)) one.reject(failure.error);
    },
  };
};
