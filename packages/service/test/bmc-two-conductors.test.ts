// A conductor that was only stopped, and not dead, while another one took its node over: when it goes on it is refused by
// the fence of its lease, and the BMC hears nothing of it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { liveToTheEnd, pointsOf, prepare } from './bmc-kill/matrix.ts';
import { bundleProcess, type ProcessBundle } from './bmc-kill/process-bundle.ts';
import { openScene, type Point } from './bmc-kill/scene.ts';

let bundle: ProcessBundle;
before(async () => {
  bundle = await bundleProcess();
});
after(() => bundle?.remove());

const LOOKS_MAX = 2_000;
const LOOK_MS = 10;

const untilStopped = async (pid: number | undefined): Promise<void> => {
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name of the program in brackets comes before it.
    if (status.slice(status.lastIndexOf(')') + 2).startsWith('T')) return;
    await setTimeout(LOOK_MS);
  }
  throw new Error('the process did not stop');
};

/** Where the rotation of a managed node passes `name` for the first time, or for the second: by the other account. */
const PAUSES: { readonly [strategy in 'dual' | 'single']: readonly (readonly [string, 0 | 1])[] } =
  {
    dual: [
      ['store.put before', 0],
      ['store.put after', 0],
      ['commit.applying after', 0],
      ['bmc.set.redfish after', 0],
      ['commit.committing before', 0],
      ['commit.retiring after', 0],
      ['commit.applying after', 1],
      ['commit.settling before', 0],
    ],
    single: [
      ['commit.applying before', 0],
      ['commit.applying after', 0],
      ['bmc.set.redfish after', 0],
      ['commit.verifying after', 0],
    ],
  };

for (const strategy of ['dual', 'single'] as const) {
  const drill = {
    driver: 'redfish',
    secrets: { kind: 'embedded' },
    options: { strategy },
    trigger: 'request',
  } as const;
  let found: Promise<{ readonly points: readonly Point[] }> | undefined;

  /** Stopped there; the next one does the whole work; then the first one goes on. */
  const sleepAt = async (t: TestContext, name: string, which: 0 | 1) => {
    found ??= pointsOf(bundle, drill);
    const { points } = await found;
    const place = points.filter((each) => `${each.name} ${each.at.split(' ')[1]}` === name)[which];
    assert.ok(place !== undefined);
    const scene = await openScene(drill, bundle);
    t.after(scene.close);
    await prepare(scene, drill);
    const first = scene.start({ ROTATION_STOP_AT: place.at });
    await untilStopped(first.child.pid);
    const { last } = await liveToTheEnd(scene);
    assert.equal(last.end.end === 'ended' ? last.end.outcome : last.end.end, 'succeeded');
    const before = { requests: scene.bmc.requestCount(), accounts: scene.bmc.accounts() };
    first.child.kill('SIGCONT');
    return { scene, before, end: (await first.report).end };
  };

  for (const [name, which] of PAUSES[strategy]) {
    const whose = which === 1 ? ', by the other account,' : '';
    test(`${strategy}: who was stopped at ${name}${whose} is refused by the fence`, async (t) => {
      const { scene, before, end } = await sleepAt(t, name, which);

      assert.equal(end.end, 'lease-lost');
      assert.equal(scene.bmc.requestCount(), before.requests, 'the BMC heard of it');
      assert.deepEqual(scene.bmc.accounts(), before.accounts);
      assert.ok(!scene.bmc.isAnyLocked());
    });
  }

  // No look at the lease helps who is stopped after the last one: what was used to log in is of no use any more.
  test(`${strategy}: who was stopped between the last look and the BMC is refused by the BMC`, async (t) => {
    const { scene, before, end } = await sleepAt(t, 'bmc.set.redfish before', 0);

    assert.equal(end.end, 'lease-lost');
    assert.deepEqual(scene.bmc.accounts(), before.accounts);
    assert.ok(!scene.bmc.isAnyLocked());
  });
}
