// The secret store goes away, is sealed or refuses the service, before each of its calls in a rotation: before the BMC is
// told of anything the BMC hears nothing, what runs waits and names the store, and all goes on when it is back.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { makeSecretsSwitch, type StoreTrouble } from './bmc-kill/faulty-secrets.ts';
import { type HereEnd, rotateHere } from './bmc-kill/here.ts';
import { requireSafe } from './bmc-kill/matrix.ts';
import { openScene, type Scene } from './bmc-kill/scene.ts';

const TROUBLES: readonly StoreTrouble[] = ['away', 'sealed', 'unauthorised'];
const DAY_MS = 86_400_000;

const sceneFor = async (t: TestContext, strategy: 'dual' | 'single'): Promise<Scene> => {
  const scene = await openScene({
    driver: 'redfish',
    secrets: { kind: 'embedded' },
    options: { strategy },
  });
  t.after(scene.close);
  await rotateHere(scene, 'adopt');
  scene.passTime(DAY_MS);
  return scene;
};

const requireGood = async (scene: Scene, { record }: HereEnd): Promise<void> => {
  assert.deepEqual([record.state, record.lastResult?.outcome], ['managed', 'succeeded']);
  const life = await scene.open();
  await requireSafe(scene, life);
  await life.close();
};

for (const trouble of TROUBLES) {
  test(`${trouble} before a rotation: the BMC is asked nothing, and the rotation waits`, async (t) => {
    const scene = await sceneFor(t, 'dual');
    const secrets = makeSecretsSwitch();
    secrets.trouble = trouble;
    const before = scene.bmc.requestCount();
    let asked = before;

    const end = await rotateHere(scene, 'request', {
      secrets: secrets.over,
      onWait: () => {
        asked = scene.bmc.requestCount();
        secrets.trouble = undefined;
      },
    });

    assert.equal(asked, before);
    assert.deepEqual(end.waits, [`secret-store.${trouble}`]);
    assert.ok(end.events.includes('bmc.store.down'));
    await requireGood(scene, end);
  });
}

for (const strategy of ['dual', 'single'] as const) {
  test(`${strategy}: away, sealed or unauthorised at any call of a rotation, it goes on afterwards`, async (t) => {
    const scene = await sceneFor(t, strategy);
    let at = 0;
    for (let isStruck = true; isStruck;) {
      at += 1;
      isStruck = false;
      const trouble = TROUBLES[at % TROUBLES.length] ?? 'away';
      const secrets = makeSecretsSwitch();
      let count = 0;

      const end = await rotateHere(scene, 'request', {
        secrets: secrets.over,
        faultPoint: (name, when) => {
          if (!name.startsWith('store.') || when === 'after') return;
          count += 1;
          if (count !== at) return;
          isStruck = true;
          secrets.trouble = trouble;
        },
        onWait: () => {
          secrets.trouble = undefined;
        },
      });

      const where = `${trouble} at call ${at}`;
      assert.equal(end.waits.includes(`secret-store.${trouble}`), isStruck, where);
      assert.equal(end.events.includes('bmc.store.down'), isStruck, where);
      await requireGood(scene, end);
      scene.passTime(DAY_MS);
    }
    // It finds its login, stores the next password, and reads it back.
    assert.ok(at > 3);
  });
}
