// Hashing in a thread of its own: on the main thread it would cost a third of the writing speed. The thread's
// program is a text, so that it also runs from the agent's single bundled file.

import { Worker } from 'node:worker_threads';
import type { Block } from './block-pool.ts';

export type HashThread = {
  /** Resolves when the thread has read the block. */
  readonly update: (block: Block) => Promise<void>;
  /** Of everything so far; ends the hashing. */
  readonly finish: () => Promise<Hashes>;
  readonly close: () => Promise<void>;
};

export type Hashes = {
  readonly digest: string;
  /** SHA-256 of each piece of the file in order, one after another; empty when not asked for. */
  readonly pieces: Buffer;
};

/** Blocks are whole multiples of it, so that pieces never cross them. */
export const PIECE_BYTES = 1024 * 1024;
export const PIECE_DIGEST_BYTES = 32;

const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { createHash } = require('node:crypto');
const whole = createHash(workerData.algorithm);
const pieces = [];
parentPort.on('message', (message) => {
  if (message.shared === undefined) {
    parentPort.postMessage({ digest: whole.digest('hex'), pieces: Buffer.concat(pieces) });
    return;
  }
  const bytes = Buffer.from(message.shared, 0, message.length);
  whole.update(bytes);
  if (workerData.pieceBytes > 0) {
    for (let at = 0; at < bytes.length; at += workerData.pieceBytes) {
      const piece = bytes.subarray(at, at + workerData.pieceBytes);
      pieces.push(createHash('sha256').update(piece).digest());
    }
  }
  parentPort.postMessage({ done: true });
});
`;

type Reply = { readonly digest?: string; readonly pieces?: Uint8Array };
type Waiting = { resolve: (reply: Reply) => void; reject: (error: Error) => void };

export const startHashThread = (algorithm: 'sha256' | 'sha512', withPieces = false): HashThread => {
  const worker = new Worker(PROGRAM, {
    eval: true,
    workerData: { algorithm, pieceBytes: withPieces ? PIECE_BYTES : 0 },
  });
  worker.unref();
  // Answers come in the order of the questions.
  const waiting: Waiting[] = [];
  worker.on('message', (reply: Reply) => waiting.shift()?.resolve(reply));
  const failAll = (error: Error): void => {
    for (const one of waiting.splice(0)) one.reject(error);
  };
  worker.on('error', failAll);
  worker.on('exit', () => failAll(new Error('the hashing thread has ended')));
  const ask = (message: object): Promise<Reply> =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage(message);
    });
  return {
    update: async (block) => {
      await ask({ shared: block.shared, length: block.length });
    },
    finish: async () => {
      const { digest, pieces } = await ask({});
      return { digest: digest ?? '', pieces: Buffer.from(pieces ?? []) };
    },
    close: async () => {
      await worker.terminate();
    },
  };
};
