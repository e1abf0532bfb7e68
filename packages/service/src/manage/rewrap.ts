// Gives every sealed value the newest key, beside a running service. Each value is replaced only where it is still
// the one that was read, so a row that the service changed or ended meanwhile is left to the service.

import { sealContext as mediumContext } from '#conductor/boot-media';
import { contextOf as networkBootContext } from '#conductor/network-boots';
import type { Store } from '#store/database';
import { readSealedValues, replaceSealedValue, type SealedValue } from '#store/sealed-rows';
import { sealContextOf } from '#trust/agent-token/grant';
import { driverSecretsContext } from '#trust/driver-secrets';
import { keyIdOf, type KeyRing } from '#trust/key-ring';
import { secretContext } from '#trust/secret-store/embedded';

export const contextOf = (value: SealedValue): string => {
  switch (value.table) {
    case 'agent_session':
      return sealContextOf(value.column === 'key_sealed' ? 'agent-key' : 'agent-token', value);
    case 'boot_medium':
      return mediumContext({
        id: value.id,
        node_uuid: value.nodeUuid,
        session_id: value.sessionId,
        boot_no: value.bootNumber,
      });
    case 'network_boot':
      return networkBootContext(value);
    case 'node':
      return driverSecretsContext(value.nodeUuid);
    case 'secret':
      return secretContext(value.id);
  }
};

export type RewrapReport = {
  readonly rewrapped: number;
  /** Changed by the service between reading and writing. */
  readonly overtaken: number;
  /** What no key of this directory opens, as `table.column id`. */
  readonly unreadable: readonly string[];
};

export const rewrapAll = async (store: Store, keys: KeyRing): Promise<RewrapReport> => {
  let rewrapped = 0;
  let overtaken = 0;
  const unreadable: string[] = [];
  for await (const value of readSealedValues(store.db)) {
    let renewed: string;
    try {
      renewed = keys.rewrap(value.sealed, contextOf(value));
    } catch {
      unreadable.push(`${value.table}.${value.column} ${value.id}`);
      continue;
    }
    if (renewed === value.sealed) continue;
    if (await replaceSealedValue(store.db, value, renewed)) rewrapped += 1;
    else overtaken += 1;
  }
  return { rewrapped, overtaken, unreadable };
};

/** How many values need each key. */
export const countByKey = async (store: Store): Promise<ReadonlyMap<string, number>> => {
  const counts = new Map<string, number>();
  for await (const { sealed } of readSealedValues(store.db)) {
    const id = keyIdOf(sealed);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
};
