// Thousands of requests made from the OpenAPI document, right ones and hostile ones. The seed is printed; to replay it:
//   BESSEMER_FUZZ_SEED=123 node --test packages/service/test/api-fuzz.test.ts

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeDocument } from '#api/openapi/document';
import { publicRoutes } from '#api/public-listener';

import { fuzzOnce, fuzzSeed, newFindings, operationIds } from './api/fuzz-run.ts';
import { authenticatePersona } from './api/personas.ts';
import { openApi } from './api/with-api.ts';

const REQUESTS = Number(process.env['BESSEMER_FUZZ_REQUESTS'] ?? 25_000);
/** A fresh store for so many: objects that were deleted are there again. */
const CHUNK = 500;
/** A call that hangs the whole process is ended here, with its seed printed. */
const RUN_MS_MAX = 600_000;

/** Whoever only knocks at the door tests only the door. Chance may miss a few calls in one run. */
const MISSED_MAX = 5;
/** Nothing answers these methods, whatever the name; all calls to them are refusals. */
const NEVER_DONE = /vendor_passthru/;

test(
  'no request is answered with a defect, hangs, or is refused and changes something',
  {
    timeout: RUN_MS_MAX,
  },
  async (t) => {
    const seed = fuzzSeed();
    t.diagnostic(`BESSEMER_FUZZ_SEED=${seed}`);
    const findings = newFindings();
    const operations = new Set<string>();

    for (let chunk = 0; chunk * CHUNK < REQUESTS; chunk += 1) {
      const api = await openApi({ authenticate: authenticatePersona });
      const document = makeDocument(publicRoutes(api.parts));
      for (const each of operationIds(document)) operations.add(each);
      await fuzzOnce(api, document, { seed: seed + chunk, count: CHUNK }, findings);
      await api.close();
    }

    assert.deepEqual([...findings.complaints], [], `seed ${seed}`);
    const missed = [...operations].filter(
      (each) => !findings.done.has(each) && !NEVER_DONE.test(each),
    );
    assert.ok(missed.length <= MISSED_MAX, `never done: ${missed.join(', ')}; seed ${seed}`);
  },
);
