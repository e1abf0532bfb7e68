// Processes that rotate the credentials of a BMC are killed by SIGKILL before and after every commit, and every call of
// the BMC and of the secret store; the next process goes on. Whatever the place, a login works at the end and is the one
// that the store has, the old one does not, every password of the BMC is in the store, no account was ever locked, and
// no more logins were made than a death may cost.
//
// `npm test` takes some places of each drill by lot. All of them, which takes a quarter of an hour:
//   BESSEMER_BMC_KILL=whole node --test packages/service/test/bmc-kill.test.ts

import { after, before, test } from 'node:test';

import type { SecretsAt } from './bmc-kill/life.ts';
import { type Drill, pointsOf, runMatrix } from './bmc-kill/matrix.ts';
import { bundleProcess, type ProcessBundle } from './bmc-kill/process-bundle.ts';
import { drawn, lot } from './bmc-kill/lot.ts';
import { makeStores } from './bmc-kill/stores.ts';

const IS_WHOLE = process.env['BESSEMER_BMC_KILL'] === 'whole';
const SEED = Number(process.env['BESSEMER_BMC_KILL_SEED'] ?? Math.floor(Math.random() * 1e9));
const SIDE_BY_SIDE = 3;

type Row = {
  readonly way: 'redfish' | 'ipmi' | 'inband';
  readonly strategy: 'dual' | 'single';
  readonly trigger: 'adopt' | 'request';
  readonly kind: SecretsAt['kind'];
};

const ROWS: readonly Row[] = (['embedded', 'vault', 'barbican'] as const).flatMap((kind) =>
  (['redfish', 'ipmi', 'inband'] as const).flatMap((way) =>
    (['dual', 'single'] as const).flatMap((strategy) =>
      (['adopt', 'request'] as const).map((trigger) => ({ way, strategy, trigger, kind })),
    ),
  ),
);

/** How many places are drawn. */
const drawCount = ({ kind, way, strategy, trigger }: Row): number => {
  if (kind === 'embedded') return way === 'redfish' ? 4 : 2;
  if (trigger === 'adopt') return 0;
  // It takes ten seconds to begin.
  if (kind === 'barbican') return way === 'redfish' && strategy === 'dual' ? 1 : 0;
  // A rotation of each strategy, and of each protocol.
  return way !== 'inband' && (strategy === 'dual') === (way === 'redfish') ? 2 : 0;
};

const stores = makeStores();
const lots = lot(SEED);
let bundle: ProcessBundle;
before(async () => {
  bundle = await bundleProcess();
});
after(async () => {
  await stores.stop();
  await bundle?.remove();
});

for (const row of ROWS) {
  const { way, strategy, trigger, kind } = row;
  const count = IS_WHOLE ? Infinity : drawCount(row);
  if (count === 0) continue;
  test(`${strategy} by ${way}, ${kind} store, ${trigger}: killed anywhere, nobody is locked out`, async (t) => {
    const drill: Drill = {
      driver: way === 'redfish' ? 'redfish' : 'ipmi',
      trigger,
      secrets: await stores.at(kind),
      options: { strategy, ...(way === 'inband' ? { path: 'inband' } : {}) },
    };
    const { points, quiet } = await pointsOf(bundle, drill);
    const places = drawn(lots, points, count);

    const end = await runMatrix(bundle, drill, { places, quiet, sideBySide: SIDE_BY_SIDE });

    const { deaths, lives, loginsMost, refusalsMost } = end;
    t.diagnostic(
      `seed ${SEED}: killed at ${deaths} of ${points.length} places, ${lives} lives; at most ${loginsMost} logins ` +
        `(${quiet.logins} without a death) and ${refusalsMost} refused ones (${quiet.refusals})`,
    );
  });
}
