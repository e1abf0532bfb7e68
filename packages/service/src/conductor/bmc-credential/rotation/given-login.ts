// The account that a person gave: as driver_info has it, else as it was kept when the service made its own accounts.

import type { JsonObject } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { BmcAccountDoor } from '#drivers/bmc-accounts';
import { keepDriverInfo, type KeptDriverInfo, openDriverInfo } from '#trust/driver-secrets';
import type { KeyRing } from '#trust/key-ring';
import { readReference, referenceText } from '#trust/secret-store/secret-reference';
import type { Credential } from '#trust/secret-store/secret-store';
import { Secret } from '#trust/secret';

import { GIVEN_PLACE, readSecret } from './kept-secrets.ts';
import type { RotationRun } from './rotation-run.ts';

type Doors = readonly Pick<BmcAccountDoor, 'protocol'>[];

/** Undefined where driver_info names no password, or one that the service keeps. */
export const loginInDriverInfo = (info: JsonObject, doors: Doors): Credential | undefined => {
  for (const { protocol } of doors) {
    const [username, password] = [info[`${protocol}_username`], info[`${protocol}_password`]];
    const isThere = typeof username === 'string' && typeof password === 'string' && password !== '';
    if (isThere && readReference(password) === undefined) {
      return { username, password: new Secret(password) };
    }
  }
  return undefined;
};

export const findGivenLogin = async (run: RotationRun): Promise<Credential | undefined> => {
  const inInfo = loginInDriverInfo(openDriverInfo(run.parts.keys, run.node), run.doors);
  if (inInfo !== undefined) return inInfo;
  const { given } = run.credential;
  return given === null ? undefined : readSecret(run, GIVEN_PLACE, given.ref);
};

/** driver_info whose login is what the store has at `slot`, for every protocol of the node. */
export const withStoredLogin = (
  keys: Pick<KeyRing, 'seal' | 'open'>,
  node: Pick<NodeRecord, 'uuid' | 'driverInfo' | 'driverSecrets'>,
  doors: Doors,
  login: { readonly username: string; readonly slot: string; readonly writeId: string },
): KeptDriverInfo => {
  const info = { ...openDriverInfo(keys, node) };
  for (const { protocol } of doors) {
    info[`${protocol}_username`] = login.username;
    info[`${protocol}_password`] = referenceText(login);
  }
  return keepDriverInfo(keys, node.uuid, info);
};
