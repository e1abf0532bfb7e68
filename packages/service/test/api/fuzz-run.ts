// One run of the fuzzer on one furnished service: every complaint once, with the request that it is about.

import { randomInt } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

import * as fc from 'fast-check';

import type { OpenApiDocument } from '#api/openapi/document';

import { fuzzRequests } from './fuzz-requests.ts';
import { furnish, IDENTS, WORDS } from './fuzz-stage.ts';
import { bodyChecker, complaintsAbout, sendFuzz } from './fuzz-verdict.ts';
import type { Api } from './with-api.ts';

/** From the environment, to replay; otherwise another one each time. */
export const fuzzSeed = (): number =>
  Number(process.env['BESSEMER_FUZZ_SEED'] ?? randomInt(1_000_000_000));

export type FuzzFindings = {
  /** What is wrong, to an example of it. */
  readonly complaints: Map<string, string>;
  /** Operations that were done at least once. */
  readonly done: Set<string>;
};

export const newFindings = (): FuzzFindings => ({ complaints: new Map(), done: new Set() });

export const operationIds = (document: OpenApiDocument): readonly string[] =>
  Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );

export const fuzzOnce = async (
  api: Pick<Api, 'app' | 'ask' | 'parts'>,
  document: OpenApiDocument,
  { seed, count }: { readonly seed: number; readonly count: number },
  { complaints, done }: FuzzFindings,
): Promise<void> => {
  const sqlite = api.parts.store.sqlite as DatabaseSync;
  sqlite.exec('pragma synchronous = off');
  await furnish(api);
  const checkBody = bodyChecker(document);
  const requests = fc.sample(fuzzRequests({ document, idents: IDENTS, words: WORDS }), {
    seed,
    numRuns: count,
  });
  for (const request of requests) {
    const answer = await sendFuzz(api.app, sqlite, request);
    const { operationId } = request;
    if (answer.status < 300 && operationId.startsWith(`${request.method} `)) done.add(operationId);
    for (const complaint of complaintsAbout(request, answer, checkBody)) {
      const example = `${JSON.stringify(request)} => ${answer.status} ${answer.text}`;
      complaints.set(`${operationId}: ${complaint}`, example.slice(0, EXAMPLE_CHARS_MAX));
    }
  }
};

const EXAMPLE_CHARS_MAX = 1_500;
