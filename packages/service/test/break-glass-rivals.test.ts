// Exports that are asked for at the same moment, on every engine: no more are given within an hour than are allowed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Refusal } from '@bessemer/protocol/errors/refusal';

import { DEFAULT_CONDUCTOR_OPTIONS } from '#conductor/conductor-parts';
import { requestExport } from '#conductor/bmc-credential/break-glass/export-login';
import { makeLog } from '#observe/log';
import { countBmcExports } from '#store/bmc-exports';

import { type BreakGlassStage, newOperatorKey, openBreakGlassStage } from './break-glass-stage.ts';
import { makeHandClock } from './drivers/hand-clock.ts';
import { onBothEngines, RIVALS } from './store-engines.ts';

const ALLOWED = 3;

onBothEngines((store) => {
  let stage: BreakGlassStage;
  before(async () => {
    stage = await openBreakGlassStage(store());
  });
  after(() => stage?.close());

  test('of exports that are asked for at once as many are given as are allowed', async () => {
    const { recipient } = await newOperatorKey();
    const clock = makeHandClock();
    const log = makeLog({ level: 'silent' });
    const events = { ...stage, clock, log, options: DEFAULT_CONDUCTOR_OPTIONS };
    const options = { holdMs: 1_000, approvals: 1, exportsPerHourMax: ALLOWED } as const;
    const nodes = await Promise.all(
      Array.from({ length: RIVALS }, (_each, index) => stage.managed(`rival-${index}`)),
    );

    const asked = await Promise.allSettled(
      nodes.map(({ uuid }) =>
        requestExport({ events, secrets: stage.secrets, options }, uuid, {
          caller: { user: 'ada', sourceAddress: '198.51.100.7', requestId: 'req-1' },
          reason: 'drill',
          recipient,
        }),
      ),
    );

    const refused = asked.filter((each) => each.status === 'rejected').map(({ reason }) => reason);
    assert.equal(await countBmcExports(store().db, 0), ALLOWED);
    assert.equal(refused.length, RIVALS - ALLOWED);
    assert.ok(refused.every((each) => each instanceof Refusal && each.status === 429));
  });
});
