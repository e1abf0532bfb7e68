// Thousands of requests made from the OpenAPI document, right ones and hostile ones. The seed is printed; to replay it:
//   BESSEMER_FUZZ_SEED=123 node --test packages/service/test/api-fuzz.test.ts

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openFuzzConductor } from './api/fuzz-conductor.ts';
import { openFuzzRamdisk } from './api/fuzz-ramdisk.ts';
import { fuzzChunks, fuzzSeed } from './api/fuzz-run.ts';
import { authenticatePersona } from './api/personas.ts';
import { openApi } from './api/with-api.ts';
import { startPostgres } from './postgres-server.ts';

/** With fewer, as in a quick look, much is not met. */
const ENOUGH = 20_000;
const REQUESTS = Number(process.env['BESSEMER_FUZZ_REQUESTS'] ?? ENOUGH);
const CONDUCTOR_REQUESTS = Math.ceil(REQUESTS / 8);
const POSTGRES_REQUESTS = Math.ceil(REQUESTS / 10);
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

    const { findings, operations } = await fuzzChunks(seed, REQUESTS, () =>
      openApi({ authenticate: authenticatePersona }),
    );

    assert.deepEqual([...findings.complaints], [], `seed ${seed}`);
    const missed = operations.filter((each) => !findings.done.has(each) && !NEVER_DONE.test(each));
    assert.ok(
      REQUESTS < ENOUGH || missed.length <= MISSED_MAX,
      `never done: ${missed.join(', ')}; seed ${seed}`,
    );
  },
);

test(
  'the same holds while a conductor really does what was accepted',
  {
    timeout: RUN_MS_MAX,
  },
  async (t) => {
    const seed = fuzzSeed();
    t.diagnostic(`BESSEMER_FUZZ_SEED=${seed}`);

    const { findings } = await fuzzChunks(seed, CONDUCTOR_REQUESTS, openFuzzConductor);

    assert.deepEqual([...findings.complaints], [], `seed ${seed}`);
  },
);

test(
  'the same holds for the calls of ramdisks, which note what they refuse',
  {
    timeout: RUN_MS_MAX,
  },
  async (t) => {
    const seed = fuzzSeed();
    t.diagnostic(`BESSEMER_FUZZ_SEED=${seed}`);

    const { findings } = await fuzzChunks(seed, CONDUCTOR_REQUESTS, openFuzzRamdisk);

    assert.deepEqual([...findings.complaints], [], `seed ${seed}`);
  },
);

test(
  'the same holds on PostgreSQL, whose texts and numbers have other limits',
  {
    timeout: RUN_MS_MAX,
  },
  async (t) => {
    const seed = fuzzSeed();
    t.diagnostic(`BESSEMER_FUZZ_SEED=${seed}`);
    const server = await startPostgres();
    t.after(server.stop);

    const { findings } = await fuzzChunks(seed, POSTGRES_REQUESTS, async () =>
      openApi({
        authenticate: authenticatePersona,
        store: { engine: 'postgres', url: await server.createDatabase() },
      }),
    );

    assert.deepEqual([...findings.complaints], [], `seed ${seed}`);
  },
);
