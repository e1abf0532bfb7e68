// The open rotation of a node, gone on with until it is over or has to wait.

import { findBmcCredential } from '#store/bmc-credentials';
import { findOpenRotation, type RotationRecord } from '#store/bmc-rotations';

import { advance } from './advance.ts';
import type { RotationParts, RotationRun, RotationWait } from './rotation-run.ts';

/** Undefined when there is none. */
export const openRun = async (
  parts: RotationParts,
  subject: Pick<RotationRun, 'node' | 'doors' | 'inBand' | 'fence'>,
): Promise<RotationRun | undefined> => {
  const { store } = parts;
  const rotation = await findOpenRotation(store.db, subject.node.uuid);
  const credential = await findBmcCredential(store.db, subject.node.uuid);
  if (rotation === undefined || credential === undefined) return undefined;
  return { ...subject, parts, known: new Map(), entered: undefined, rotation, credential };
};

/** Four profiles, each told twice and searched for, on two accounts, come to a good hundred; more is a defect. */
const STEPS_MAX = 300;

export type RotationEnd =
  | { readonly kind: 'wait'; readonly wait: RotationWait }
  | { readonly kind: 'ended'; readonly rotation: RotationRecord };

export const runRotation = async (run: RotationRun): Promise<RotationEnd> => {
  for (let steps = 0; steps < STEPS_MAX; steps += 1) {
    const next = await advance(run);
    if (next === undefined) return { kind: 'ended', rotation: run.rotation };
    if (next !== 'on') return { kind: 'wait', wait: next };
  }
  throw new Error(`rotation ${run.rotation.id} does not come to an end`);
};
