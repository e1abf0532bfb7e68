// The listener with a whole conductor and fake hardware behind it, for the fuzzer: what was accepted is really done,
// and the next request meets nodes that are at work.

import { DEFAULT_API_OPTIONS } from '#api/api-parts';
import { makePublicListener } from '#api/public-listener';
import { makeMetrics } from '#observe/metrics';
import { registerConductor } from '#store/conductors';
import { countSessionsByState } from '#store/session-counts';

import { openConductor } from '../conductor/with-conductor.ts';
import { policyForTests } from '../policy/policy-for-tests.ts';
import type { FuzzSubject } from './fuzz-run.ts';
import { authenticatePersona } from './personas.ts';
import { answerOf } from './with-api.ts';

/** Turns of the event loop; fake machines take no time. */
const QUIET_TURNS_MAX = 500;

export const openFuzzConductor = async (): Promise<
  FuzzSubject & { readonly close: () => Promise<void> }
> => {
  const subject = await openConductor();
  const { conductor } = subject;
  const { store, drivers, clock, log } = subject.parts;
  const parts = {
    store,
    drivers,
    clock,
    log,
    conductor,
    policy: await policyForTests(),
    metrics: makeMetrics(() => countSessionsByState(store.db)),
    options: DEFAULT_API_OPTIONS,
  };
  await registerConductor(
    store.db,
    { hostname: conductor.hostname, conductorGroup: '', drivers: ['fake-hardware'] },
    { nowMs: clock.wallMs() },
  );
  const app = makePublicListener({ ...parts, authenticate: authenticatePersona, tls: undefined });
  await app.ready();

  const isAtWork = async (): Promise<boolean> => {
    const [lease, allocation] = await Promise.all([
      store.db
        .selectFrom('lease')
        .select('fence')
        .where('owner', 'is not', null)
        .executeTakeFirst(),
      store.db
        .selectFrom('allocation')
        .select('uuid')
        .where('state', '=', 'allocating')
        .executeTakeFirst(),
    ]);
    return lease !== undefined || allocation !== undefined;
  };
  return {
    app,
    parts,
    ask: async (method, url, { body } = {}) =>
      answerOf(
        await app.inject({
          method,
          url,
          headers: { 'x-openstack-ironic-api-version': '1.115' },
          payload: JSON.stringify(body),
        }),
      ),
    isQuiet: async () => {
      for (let turn = 0; turn < QUIET_TURNS_MAX; turn += 1) {
        if (!(await isAtWork())) return true;
        await new Promise((resolve) => setImmediate(resolve));
      }
      return false;
    },
    close: async () => {
      await app.close();
      await drivers.close();
      await subject.close();
    },
  };
};
