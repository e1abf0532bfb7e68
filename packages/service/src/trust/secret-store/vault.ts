// HashiCorp Vault and OpenBao, key-value secrets version 2, which calls and names are the same for. Versions and
// check-and-set are theirs; which write a version is, is in its data.

import type { JsonObject } from '@bessemer/protocol/json';
import { isJsonObject } from '@bessemer/protocol/json';

import type { Clock } from '#clock';

import { makeCheckedSecretStore } from './checked-store.ts';
import { readCredential } from './credential-text.ts';
import type { Answered, Asked, Exchange } from './exchange.ts';
import { fieldOf, jsonOf, unexpected } from './exchange.ts';
import type {
  SecretPlace,
  SecretStore,
  SecretVersion,
  SecretWrite,
  StoredCredential,
} from './secret-store.ts';
import { bySlotNewestFirst, SLOT_PATTERN, versionPart } from './secret-store.ts';
import {
  conflictFailure,
  goneFailure,
  healthAfter,
  isDoubtful,
  storeFailure,
} from './store-failure.ts';
import { makeVaultTokens, type VaultLogin } from './vault-token.ts';

export type VaultOptions = {
  /** Of the KV v2 engine, usually `secret`. */
  readonly mount: string;
  /** Below it, usually `bessemer`. */
  readonly prefix: string;
  readonly namespace: string | undefined;
  readonly login: VaultLogin;
};

type Parts = {
  readonly exchange: Exchange;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly close: () => Promise<void>;
};

const NAME = 'Vault';
/** Vault keeps ten unless told; candidates that fail in a row would push out what the BMC has. */
const VERSIONS_MAX = 50;
const RIVALS_MAX = 16;
const NOT_FOUND = 404;

/** 503 is said by proxies before it, too. */
const troubled = (answer: Answered): Error =>
  answer.status === 503 && /sealed/i.test(answer.text)
    ? storeFailure('sealed', `${NAME} is sealed.`)
    : unexpected(answer, NAME);

const isRival = ({ status, text }: Answered): boolean =>
  status === 400 && text.includes('check-and-set');

type Found = {
  /** The newest number given, destroyed or not; 0 for none. */
  readonly newest: number;
  readonly stored: StoredCredential | undefined;
};

export const makeVaultSecretStore = (
  { mount, prefix, namespace, login }: VaultOptions,
  { exchange: bare, clock, close }: Parts,
): SecretStore => {
  const inNamespace: Exchange = (asked) =>
    bare({
      ...asked,
      headers: {
        ...asked.headers,
        'x-vault-request': 'true',
        ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
      },
    });
  const exchange: Exchange = async (asked) => {
    const answer = await inNamespace(asked);
    // Told apart here, so that a login at a sealed one is no refused login.
    if (answer.status === 503) throw troubled(answer);
    return answer;
  };
  const tokens = makeVaultTokens(login, exchange, clock);

  const ask = async (asked: Asked): Promise<Answered> => {
    const askAs = (token: string): Promise<Answered> =>
      exchange({ ...asked, headers: { 'x-vault-token': token } });
    const token = await tokens.current();
    const answer = await askAs(token.reveal());
    if (answer.status !== 403) return answer;
    const next = await tokens.after(token);
    return next === undefined ? answer : askAs(next.reveal());
  };

  const pathOf = (kind: string, { nodeUuid, slot }: SecretPlace): string =>
    `/v1/${mount}/${kind}/${prefix}/${nodeUuid}/${slot}`;

  const read = async (place: SecretPlace, version?: number): Promise<Found> => {
    const query = version === undefined ? '' : `?version=${version}`;
    const answer = await ask({ method: 'GET', path: `${pathOf('data', place)}${query}` });
    if (answer.status !== 200 && answer.status !== NOT_FOUND) throw troubled(answer);
    const body = jsonOf(answer, NAME);
    const number = fieldOf(body, 'data', 'metadata', 'version');
    const newest = typeof number === 'number' ? number : 0;
    if (answer.status === NOT_FOUND) {
      const reasons = body['errors'];
      if (Array.isArray(reasons) && reasons.length > 0) {
        throw storeFailure('protocol', `There are no key-value secrets, version 2, at ${mount}.`);
      }
      return { newest, stored: undefined };
    }
    const data = fieldOf(body, 'data', 'data');
    const credential = readCredential(data);
    const writeId = fieldOf(data, 'write');
    const created = fieldOf(body, 'data', 'metadata', 'created_time');
    if (credential === undefined || typeof writeId !== 'string' || typeof created !== 'string') {
      throw storeFailure('protocol', `What ${NAME} has for slot ${place.slot} is not ours.`);
    }
    const stored = {
      ...place,
      version: newest,
      createdMs: Date.parse(created),
      writeId,
      credential,
    };
    return { newest, stored };
  };

  const versionsOf = async (place: SecretPlace): Promise<readonly SecretVersion[]> => {
    const answer = await ask({ method: 'GET', path: pathOf('metadata', place) });
    if (answer.status === NOT_FOUND) return [];
    if (answer.status !== 200) throw troubled(answer);
    const versions = fieldOf(jsonOf(answer, NAME), 'data', 'versions');
    if (!isJsonObject(versions)) throw storeFailure('protocol', `${NAME} lists no versions.`);
    return Object.entries(versions)
      .filter(([, each]) => fieldOf(each, 'destroyed') === false)
      .filter(([, each]) => fieldOf(each, 'deletion_time') === '')
      .map(([version, each]) => ({
        ...place,
        version: Number(version),
        createdMs: Date.parse(String(fieldOf(each, 'created_time'))),
      }))
      .sort(bySlotNewestFirst);
  };

  const storedOf = async (
    place: SecretPlace,
    writeId: string,
  ): Promise<StoredCredential | undefined> => {
    // Bounded by VERSIONS_MAX, and nearly always the first.
    for (const { version } of await versionsOf(place)) {
      const { stored } = await read(place, version);
      if (stored?.writeId === writeId) return stored;
    }
    return undefined;
  };

  const findWrite = async (
    place: SecretPlace,
    writeId: string,
  ): Promise<SecretVersion | undefined> => {
    const stored = await storedOf(place, writeId);
    return stored === undefined ? undefined : versionPart(stored);
  };

  const listKeys = async (below: string): Promise<readonly string[]> => {
    const path = `/v1/${mount}/metadata/${prefix}${below}?list=true`;
    const answer = await ask({ method: 'GET', path });
    if (answer.status === NOT_FOUND) return [];
    if (answer.status !== 200) throw troubled(answer);
    const keys = fieldOf(jsonOf(answer, NAME), 'data', 'keys');
    if (!Array.isArray(keys)) throw storeFailure('protocol', `${NAME} lists no names.`);
    return keys.filter((key) => typeof key === 'string');
  };

  const describePlace = async (place: SecretPlace): Promise<void> => {
    const body: JsonObject = { max_versions: VERSIONS_MAX, cas_required: true };
    const answer = await ask({ method: 'POST', path: pathOf('metadata', place), body });
    if (answer.status !== 200 && answer.status !== 204) throw troubled(answer);
  };

  /** Undefined: somebody was faster. */
  const write = async (
    { place, writeId, credential }: SecretWrite,
    newest: number,
  ): Promise<SecretVersion | undefined> => {
    const { username, password } = credential;
    const data = { username, password: password.reveal(), write: writeId };
    const answer = await ask({
      method: 'POST',
      path: pathOf('data', place),
      body: { options: { cas: newest }, data },
    });
    if (isRival(answer)) return undefined;
    if (answer.status !== 200) throw troubled(answer);
    const done = fieldOf(jsonOf(answer, NAME), 'data');
    const version = fieldOf(done, 'version');
    const created = fieldOf(done, 'created_time');
    if (typeof version !== 'number' || typeof created !== 'string') {
      throw storeFailure('protocol', `${NAME} did not say what it stored.`);
    }
    return { ...place, version, createdMs: Date.parse(created) };
  };

  const attempt = async (asked: SecretWrite): Promise<SecretVersion | undefined> => {
    const { place, writeId, afterVersion } = asked;
    const { newest, stored } = await read(place);
    if (stored?.writeId === writeId) return versionPart(stored);
    if (newest > 0 && newest !== afterVersion) {
      const found = await findWrite(place, writeId);
      if (found !== undefined) return found;
    }
    if (afterVersion !== undefined && afterVersion < newest) throw conflictFailure(place);
    if (newest === 0) await describePlace(place);
    try {
      return await write(asked, newest);
    } catch (error) {
      const found = isDoubtful(error)
        ? await findWrite(place, writeId).catch(() => undefined)
        : undefined;
      if (found === undefined) throw error;
      return found;
    }
  };

  const get = async (place: SecretPlace, version?: number): Promise<StoredCredential> => {
    const { stored } = await read(place, version);
    if (stored !== undefined) return stored;
    // The newest is destroyed: the newest of those that are not is meant.
    const [left] = version === undefined ? await versionsOf(place) : [];
    if (left === undefined) throw goneFailure(place, version);
    return get(place, left.version);
  };

  return makeCheckedSecretStore({
    kind: 'vault',
    put: async (asked) => {
      for (let tries = 0; tries < RIVALS_MAX; tries += 1) {
        const stored = await attempt(asked);
        if (stored !== undefined) return stored;
      }
      throw conflictFailure(asked.place);
    },
    get: async (place, version) => {
      return get(place, version);
    },
    getWrite: async (place, writeId) => {
      const { stored: newest } = await read(place);
      const stored = newest?.writeId === writeId ? newest : await storedOf(place, writeId);
      if (stored === undefined) throw goneFailure(place, writeId);
      return stored;
    },
    findWrite: async (place, writeId) => {
      return findWrite(place, writeId);
    },
    list: async (nodeUuid) => {
      const versions: SecretVersion[] = [];
      for (const slot of await listKeys(`/${nodeUuid}`)) {
        if (SLOT_PATTERN.test(slot)) versions.push(...(await versionsOf({ nodeUuid, slot })));
      }
      return versions.sort(bySlotNewestFirst);
    },
    listNodes: async function* () {
      for (const key of await listKeys('')) {
        if (key.endsWith('/')) yield key.slice(0, -1);
      }
    },
    destroy: async (place, version) => {
      const path = pathOf('destroy', place);
      const answer = await ask({ method: 'PUT', path, body: { versions: [version] } });
      if (![200, 204, NOT_FOUND].includes(answer.status)) throw troubled(answer);
    },
    health: () =>
      healthAfter(async () => {
        // 429, 472 and 473 are standbys, which pass questions on.
        const answer = await inNamespace({ method: 'GET', path: '/v1/sys/health' });
        if (answer.status === 501 || answer.status === 503) {
          if (answer.text.includes('"sealed"')) {
            throw storeFailure('sealed', `${NAME} is sealed, or not initialised.`);
          }
        }
        if (![200, 429, 472, 473].includes(answer.status)) throw unexpected(answer, NAME);
        const own = await ask({ method: 'GET', path: '/v1/auth/token/lookup-self' });
        if (own.status !== 200) throw troubled(own);
        jsonOf(own, NAME);
      }),
    close,
  });
};
