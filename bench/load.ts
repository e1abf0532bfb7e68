// Runs the load generator and checks that every answer was the wanted one: a fast refusal is no result.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export type LoadRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: unknown;
  /** Signs as an agent does, each time with the next number; with `sequence` always with that one. */
  readonly signing?: { readonly key: string; readonly sequence?: string };
};

export type Load = {
  readonly port: number;
  readonly isTls: boolean;
  readonly clients: number;
  readonly seconds: number;
  readonly countMax: number;
  readonly requests: readonly LoadRequest[];
  /** Answers that hold it are counted. */
  readonly text?: string;
};

export type LoadResult = {
  readonly perSecond: number;
  readonly count: number;
  readonly seconds: number;
  readonly statuses: { readonly [status: number]: number };
  readonly matches: number;
  /** Of the time that an answer took. */
  readonly p50Ms: number;
  readonly p99Ms: number;
};

const PROGRAM = join(import.meta.dirname, 'load-process.ts');

export const runLoad = async (
  load: Omit<Load, 'isTls' | 'countMax'> & Partial<Load>,
  wantedStatus: number,
): Promise<LoadResult> => {
  const whole: Load = { isTls: false, countMax: Number.MAX_SAFE_INTEGER, ...load };
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(whole));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the load generator ended with ${String(code)}`);
  const result = JSON.parse(text) as LoadResult;
  if (result.statuses[wantedStatus] !== result.count) {
    throw new Error(`answers other than ${wantedStatus}: ${JSON.stringify(result.statuses)}`);
  }
  return result;
};
