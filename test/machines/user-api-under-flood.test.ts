// The one drill that measures: with another test at work beside it, it would measure that one. So it runs here, where
// tests run one at a time.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { wrongTokenFlood } from '../../packages/lab/src/drill/attacks/wrong-token-flood.ts';
import { renderResult } from '../../packages/lab/src/drill/report.ts';
import { runDrill } from '../../packages/lab/src/drill/run-drills.ts';
import { openStage, type Stage } from '../../packages/lab/src/drill/stage/stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage?.close());

test('users are served while heartbeats with wrong tokens flood the agent listener', async () => {
  const result = await runDrill(wrongTokenFlood, stage);

  assert.equal(result.verdict, 'held', renderResult(result));
});
