// What a rotation asks of the secret store. Passwords stay in the memory of the run once they were read.

import { Failure } from '@bessemer/protocol/errors/failure';

import type { SecretRef } from '#store/bmc-credentials';
import type { Credential } from '#trust/secret-store/secret-store';

import { atFaultPoint, type RotationRun } from './rotation-run.ts';

/** Places of a node beside those of its slots. */
export const GIVEN_PLACE = 'given';
export const SUPPLIED_PLACE = 'supplied';

/** Of the login that a person gave, wherever it is kept. */
export const givenRefOf = ({ id }: { readonly id: string }): SecretRef => `${id}-given`;

const keyOf = (slot: string, ref: SecretRef): string => `${slot}#${ref}`;

/** Undefined when the store does not have it. */
export const readSecret = async (
  run: RotationRun,
  slot: string,
  ref: SecretRef,
): Promise<Credential | undefined> => {
  const known = run.known.get(keyOf(slot, ref));
  if (known !== undefined) return known;
  const { secrets } = run.parts;
  const place = { nodeUuid: run.node.uuid, slot };
  const stored = await atFaultPoint(run, 'store.get', async () => {
    try {
      return await secrets.getWrite(place, ref);
    } catch (error) {
      if (error instanceof Failure && error.code === 'secret-store.gone') return undefined;
      throw error;
    }
  });
  if (stored === undefined) return undefined;
  run.known.set(keyOf(slot, ref), stored.credential);
  return stored.credential;
};

/** Throws Failure 'secret-store.gone'. */
export const requireSecret = async (
  run: RotationRun,
  slot: string,
  ref: SecretRef,
): Promise<Credential> => {
  const credential = await readSecret(run, slot, ref);
  if (credential !== undefined) return credential;
  throw new Failure(
    'secret-store.gone',
    `The secret store does not have the password ${slot}#${ref} of the BMC any more.`,
  );
};

/** Durable on return. What was stored by the same name first stays. */
export const storeSecret = async (
  run: RotationRun,
  slot: string,
  ref: SecretRef,
  credential: Credential,
): Promise<void> => {
  const place = { nodeUuid: run.node.uuid, slot };
  await atFaultPoint(run, 'store.put', () =>
    run.parts.secrets.put({ place, writeId: ref, credential }),
  );
};

export const isStored = (run: RotationRun, slot: string, ref: SecretRef): Promise<boolean> =>
  atFaultPoint(
    run,
    'store.find',
    async () =>
      (await run.parts.secrets.findWrite({ nodeUuid: run.node.uuid, slot }, ref)) !== undefined,
  );

/** The newest of a slot, the newest first, as far as they can be read. */
export const listStored = (
  run: RotationRun,
  slot: string,
  limit: number,
): Promise<readonly SecretRef[]> =>
  atFaultPoint(run, 'store.list', async () => {
    const { secrets } = run.parts;
    const versions = (await secrets.list(run.node.uuid)).filter((each) => each.slot === slot);
    const refs: SecretRef[] = [];
    for (const { version } of versions.slice(0, limit)) {
      const { writeId, credential } = await secrets.get({ nodeUuid: run.node.uuid, slot }, version);
      run.known.set(keyOf(slot, writeId), credential);
      refs.push(writeId);
    }
    return refs;
  });
