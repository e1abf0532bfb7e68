// Rotations of a scene in the process of the test: for what a BMC or a secret store does to them.

import assert from 'node:assert/strict';

import type { BmcCredentialRecord } from '#store/bmc-credentials';
import { findBmcCredential } from '#store/bmc-credentials';

import { LEASE_MS, type Life, type openLife } from './life.ts';
import type { Scene } from './scene.ts';

export type HereEnd = {
  readonly record: BmcCredentialRecord;
  readonly events: readonly string[];
  /** Codes of what was waited for. */
  readonly waits: readonly string[];
};

export type HereWays = Omit<Parameters<typeof openLife>[1], 'clock' | 'onEvent'> & {
  /** Called when it has to wait; time passes then. */
  readonly onWait?: (code: string) => void | Promise<void>;
  /** What a fault point throws in the place of a death of the process. */
  readonly isDeath?: (error: unknown) => boolean;
};

const WAITS_MAX = 200;

const recordOf = async ({ parts }: Life, scene: Scene): Promise<BmcCredentialRecord> => {
  const record = await findBmcCredential(parts.store.db, scene.nodeUuid);
  assert.ok(record !== undefined);
  return record;
};

/** Life after life, and within one look after look; each takes a new lease. */
export const rotateHere = async (
  scene: Scene,
  trigger: 'adopt' | 'request',
  { onWait, isDeath = () => false, ...ways }: HereWays = {},
): Promise<HereEnd> => {
  const events: string[] = [];
  const waits: string[] = [];
  const goOn = async (life: Life): Promise<HereEnd> => {
    for (let looks = 0; looks < WAITS_MAX; looks += 1) {
      scene.passTime(LEASE_MS + 1);
      const fence = await life.claim();
      assert.ok(fence !== undefined, 'somebody else has the node');
      const end = await life.goOn(fence);
      if (end?.kind !== 'wait') return { record: await recordOf(life, scene), events, waits };
      waits.push(end.wait.code);
      await onWait?.(end.wait.code);
      scene.passTime(end.wait.lookAfterMs);
    }
    throw new Error(`the rotation does not come to an end: ${waits.join()}`);
  };
  await scene.begin(trigger);
  for (;;) {
    const life = await scene.open({ ...ways, onEvent: ({ name }) => events.push(name) });
    try {
      return await goOn(life);
    } catch (error) {
      if (!isDeath(error)) throw error;
    } finally {
      await life.close();
    }
  }
};
