// Every attack of `./bessemer drill`, against one service that runs for all of them: the same drills that a person
// starts by hand, each a test of its own.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { wrongTokenFlood } from '../packages/lab/src/drill/attacks/wrong-token-flood.ts';
import { DRILLS } from '../packages/lab/src/drill/catalog.ts';
import type { Drill } from '../packages/lab/src/drill/drill.ts';
import { renderResult } from '../packages/lab/src/drill/report.ts';
import { runDrill } from '../packages/lab/src/drill/run-drills.ts';
import { openStage, type Stage } from '../packages/lab/src/drill/stage/stage.ts';

/** What each of these drills tries, switched off. */
const DEFENCES: { readonly [drill: string]: string } = {
  'boot-file-of-another': 'netboot.source_check=off',
  'altered-and-expired-url': 'boot.media_source_check=false',
  'lookup-foreign-mac': 'agent.lookup_source_check=off',
};

// The two services have nothing in common.
describe('drills', { concurrency: true }, () => {
  describe('a drill can fail: without the defence it is BROKEN', { concurrency: true }, () => {
    let stage: Stage;
    before(async () => {
      stage = await openStage(Object.values(DEFENCES));
    });
    after(() => stage?.close());

    for (const drill of DRILLS.filter(({ name }) => Object.hasOwn(DEFENCES, name))) {
      test(`${drill.name} with ${DEFENCES[drill.name]}`, async () => {
        const result = await runDrill(drill, stage);

        assert.equal(result.verdict, 'BROKEN', renderResult(result));
      });
    }
  });

  describe('the product holds against', () => {
    let stage: Stage;
    before(async () => {
      stage = await openStage();
    });
    after(() => stage?.close());

    const hold = (drill: Drill): void => {
      test(`${drill.name} (${drill.threats.join(', ')})`, async () => {
        const result = await runDrill(drill, stage);

        assert.equal(result.verdict, 'held', renderResult(result));
      });
    };
    // Much of an attack is waiting for what it must not bring about.
    describe('several at once', { concurrency: 3 }, () => {
      for (const drill of DRILLS.filter((each) => each !== wrongTokenFlood)) hold(drill);
    });
    // Others would be turned away with it.
    hold(wrongTokenFlood);
  });
});
