// One run of the fuzzer on one furnished service: every complaint once, with the request that it is about.

import { randomInt } from 'node:crypto';
import { Worker } from 'node:worker_threads';

import * as fc from 'fast-check';

import { makeDocument, type OpenApiDocument } from '#api/openapi/document';
import { publicRoutes } from '#api/public-listener';

import { fuzzRequests } from './fuzz-requests.ts';
import { furnish, IDENTS, WORDS } from './fuzz-stage.ts';
import { bodyChecker, complaintsAbout, sendFuzz } from './fuzz-verdict.ts';
import type { Api } from './with-api.ts';

/** From the environment, to replay; otherwise another one each time. */
export const fuzzSeed = (): number =>
  Number(process.env['BESSEMER_FUZZ_SEED'] ?? randomInt(1_000_000_000));

export type FuzzSubject = Pick<Api, 'app' | 'ask' | 'parts'> & {
  /** Waits for what is at work behind the listener; false when it goes on, and may write at any time. */
  readonly isQuiet?: () => Promise<boolean>;
  /** Where a refusal must change nothing; everywhere when not said. */
  readonly tables?: readonly string[];
  /** Of the public listener when not said. */
  readonly document?: OpenApiDocument;
};

export type FuzzFindings = {
  /** What is wrong, to an example of it. */
  readonly complaints: Map<string, string>;
  /** Operations that were done at least once. */
  readonly done: Set<string>;
};

const newFindings = (): FuzzFindings => ({ complaints: new Map(), done: new Set() });

const operationIds = (document: OpenApiDocument): readonly string[] =>
  Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );

/** One for each request. */
const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
/** Nothing holds the one thread for so long but an endless loop, or a pattern that blew up. */
const HANG_MS = 120_000;

/** Made of a document once: that takes a second, and the services of all chunks have the same one. */
const checkers = new Map<string, ReturnType<typeof bodyChecker>>();

const checkerFor = (document: OpenApiDocument): ReturnType<typeof bodyChecker> => {
  const text = JSON.stringify(document);
  const checker = checkers.get(text) ?? bodyChecker(document);
  checkers.set(text, checker);
  return checker;
};

const fuzzOnce = async (
  api: FuzzSubject,
  document: OpenApiDocument,
  { seed, count }: { readonly seed: number; readonly count: number },
  { complaints, done }: FuzzFindings,
): Promise<void> => {
  const { sqlite } = api.parts.store;
  sqlite?.exec('pragma synchronous = off');
  await furnish(api);
  const checkBody = checkerFor(document);
  const requests = fc.sample(fuzzRequests({ document, idents: IDENTS, words: WORDS }), {
    seed,
    numRuns: count,
  });
  for (const request of requests) {
    Atomics.add(beats, 0, 1);
    const isQuiet = (await api.isQuiet?.()) ?? true;
    const sent = await sendFuzz(api.app, sqlite, request, api.tables);
    const answer = { ...sent, isChanged: sent.isChanged && isQuiet };
    const { operationId } = request;
    if (answer.status < 300 && operationId.startsWith(`${request.method} `)) done.add(operationId);
    for (const complaint of complaintsAbout(request, answer, checkBody)) {
      const example = `${JSON.stringify(request)} => ${answer.status} ${answer.text}`;
      complaints.set(`${operationId}: ${complaint}`, example.slice(0, EXAMPLE_CHARS_MAX));
    }
  }
};

const EXAMPLE_CHARS_MAX = 1_500;

/** A fresh service for so many: objects that were deleted are there again. */
const CHUNK = 500;

export const fuzzChunks = async (
  seed: number,
  count: number,
  open: () => Promise<FuzzSubject & { readonly close: () => Promise<void> }>,
): Promise<{ readonly findings: FuzzFindings; readonly operations: readonly string[] }> => {
  const findings = newFindings();
  const watchdog = new Worker(new URL('fuzz-watchdog.ts', import.meta.url), {
    workerData: { beats: beats.buffer, seed, limitMs: HANG_MS },
  });
  let operations: readonly string[] = [];
  try {
    for (let chunk = 0; chunk * CHUNK < count; chunk += 1) {
      const subject = await open();
      const document = subject.document ?? makeDocument(publicRoutes(subject.parts));
      operations = operationIds(document);
      await fuzzOnce(subject, document, { seed: seed + chunk, count: CHUNK }, findings);
      await subject.close();
    }
  } finally {
    await watchdog.terminate();
  }
  return { findings, operations };
};
