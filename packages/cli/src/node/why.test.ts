import assert from 'node:assert/strict';
import { test } from 'node:test';

import { renderFacts } from '#output/format';

import { whyFacts } from './why.ts';

const NOW_MS = Date.parse('2026-11-21T12:01:00Z');

const REPORT = {
  node: '6f2e0f0a-0000-4000-8000-000000000001',
  name: 'first',
  provisionState: 'wait call-back',
  targetProvisionState: 'active',
  isBusy: true,
  workflow: 'deploy',
  step: 'wait_for_agent',
  waitsFor: 'the first heartbeat of the agent',
  since: '2026-11-21T12:00:00Z',
  until: '2026-11-21T12:30:00Z',
  on: 'the machine',
  remedy: 'Look at its console.',
  failure: null,
} as const;

test('a waiting node says what for, on whom, since when, until when and what to do', () => {
  const text = renderFacts(whyFacts(REPORT, NOW_MS), 'table');

  assert.equal(
    text,
    [
      'node        first (6f2e0f0a-0000-4000-8000-000000000001)',
      'state       wait call-back (on the way to active)',
      'runs        deploy, wait_for_agent',
      'waits for   the first heartbeat of the agent',
      'on          the machine',
      'since       2026-11-21T12:00:00Z, 1:00 min ago',
      'until       2026-11-21T12:30:00Z, in 29:00 min',
      'what to do  Look at its console.',
    ].join('\n'),
  );
});

test('a failed node shows the stored failure with its code', () => {
  const report = {
    ...REPORT,
    provisionState: 'deploy failed',
    isBusy: false,
    workflow: null,
    step: null,
    waitsFor: null,
    since: null,
    until: null,
    on: null,
    failure: { code: 'image.download', text: 'the image server answered 404' },
  };

  const text = renderFacts(whyFacts(report, NOW_MS), 'table');

  assert.match(text, /^runs +nothing$/m);
  assert.match(text, /^failed +the image server answered 404 \[image\.download\]$/m);
});
