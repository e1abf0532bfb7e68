// OpenStack Barbican. Its secrets never change and have no versions, so each version is a secret of its own, and what it
// is stands in its name: `bessemer/NODE/SLOT/VERSION/WRITE`.
//
// Barbican has no check-and-set. What keeps two writers of a place apart is the lock of the node; where it does not, the
// loser of two with the same number takes its secret back and is told. A lost answer may make twins of the same name:
// they are the same write with the same content, count as one, and are destroyed together.

import type { Failure } from '@bessemer/protocol/errors/failure';

import type { Secret } from '../secret.ts';
import { makeCheckedSecretStore } from './checked-store.ts';
import { credentialText, readCredentialText } from './credential-text.ts';
import type { Answered, Asked, Exchange } from './exchange.ts';
import { fieldOf, jsonOf, unexpected } from './exchange.ts';
import type {
  SecretPlace,
  SecretStore,
  SecretVersion,
  SecretWrite,
  StoredCredential,
} from './secret-store.ts';
import { bySlotNewestFirst, SLOT_PATTERN, WRITE_ID_PATTERN, versionPart } from './secret-store.ts';
import {
  conflictFailure,
  goneFailure,
  healthAfter,
  isDoubtful,
  storeFailure,
} from './store-failure.ts';

/** Tokens of Keystone. Both throw `away` or `unauthorised`. */
export type BarbicanTokens = {
  readonly current: () => Promise<Secret<string>>;
  /** The one after `refused`. */
  readonly after: (refused: Secret<string>) => Promise<Secret<string>>;
};

type Parts = {
  readonly exchange: Exchange;
  readonly tokens: BarbicanTokens;
  readonly close: () => Promise<void>;
};

type Entry = SecretVersion & {
  readonly writeId: string;
  /** All of the same name, in an order that stays. */
  readonly ids: readonly string[];
};

const NAME = 'Barbican';
const PREFIX = 'bessemer';
const PAGE = 100;
/** Of one list; a project with more than a million secrets is none of ours. */
const PAGES_MAX = 10_000;
const ID_PATTERN = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CREATED = 201;
const NOT_FOUND = 404;

type Named = SecretPlace & { readonly version: number; readonly writeId: string };

const nameOf = ({ nodeUuid, slot, version, writeId }: Named): string =>
  [PREFIX, nodeUuid, slot, version, writeId].join('/');

const readName = (name: unknown): Named | undefined => {
  if (typeof name !== 'string') return undefined;
  const [prefix, nodeUuid = '', slot = '', version = '', writeId = '', ...rest] = name.split('/');
  const isOurs = prefix === PREFIX && rest.length === 0 && /^[1-9]\d{0,8}$/.test(version);
  if (!isOurs || !SLOT_PATTERN.test(slot) || !WRITE_ID_PATTERN.test(writeId)) return undefined;
  return { nodeUuid, slot, version: Number(version), writeId };
};

export const makeBarbicanSecretStore = ({ exchange, tokens, close }: Parts): SecretStore => {
  const ask = async (asked: Asked): Promise<Answered> => {
    const askAs = (token: string): Promise<Answered> =>
      exchange({ ...asked, headers: { ...asked.headers, 'x-auth-token': token } });
    const token = await tokens.current();
    const answer = await askAs(token.reveal());
    return answer.status === 401 ? askAs((await tokens.after(token)).reveal()) : answer;
  };

  /** `pattern` as SQL has it: names are compared exactly by whoever asks. */
  async function* listNames(
    pattern: string,
  ): AsyncGenerator<Named & { created: number; id: string }> {
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const query = new URLSearchParams({
        name: pattern,
        limit: String(PAGE),
        offset: String(page * PAGE),
        sort: 'created:asc',
      });
      const answer = await ask({ method: 'GET', path: `/v1/secrets?${query.toString()}` });
      if (answer.status !== 200) throw unexpected(answer, NAME);
      const secrets = jsonOf(answer, NAME)['secrets'];
      if (!Array.isArray(secrets)) throw storeFailure('protocol', `${NAME} lists no secrets.`);
      for (const secret of secrets) {
        const named = readName(fieldOf(secret, 'name'));
        // Hosts in answers are not followed: only the id is taken.
        const id = ID_PATTERN.exec(String(fieldOf(secret, 'secret_ref')))?.[0];
        // Times without a zone are in UTC.
        const created = Date.parse(`${String(fieldOf(secret, 'created'))}Z`);
        if (named !== undefined && id !== undefined) yield { ...named, created, id };
      }
      if (secrets.length < PAGE) return;
    }
  }

  const entriesOf = async (nodeUuid: string, slot?: string): Promise<readonly Entry[]> => {
    const entries = new Map<string, Entry>();
    const pattern = `${[PREFIX, nodeUuid, ...(slot === undefined ? [] : [slot])].join('/')}/%`;
    for await (const { created, id, ...named } of listNames(pattern)) {
      if (named.nodeUuid !== nodeUuid || (slot !== undefined && named.slot !== slot)) continue;
      const name = nameOf(named);
      const known = entries.get(name);
      const ids = [...(known?.ids ?? []), id].sort();
      entries.set(name, { ...named, createdMs: known?.createdMs ?? created, ids });
    }
    return [...entries.values()].sort(bySlotNewestFirst);
  };

  const entryOf = async (place: SecretPlace, writeId: string): Promise<Entry | undefined> =>
    (await entriesOf(place.nodeUuid, place.slot)).find((each) => each.writeId === writeId);

  const destroyIds = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      const answer = await ask({ method: 'DELETE', path: `/v1/secrets/${id}` });
      if (answer.status !== 204 && answer.status !== NOT_FOUND) throw unexpected(answer, NAME);
    }
  };

  const post = async (named: Named, payload: string): Promise<void> => {
    const answer = await ask({
      method: 'POST',
      path: '/v1/secrets',
      // In one step: a secret without content cannot exist. Without an end: it would not be readable after it.
      body: {
        name: nameOf(named),
        secret_type: 'passphrase',
        payload,
        payload_content_type: 'text/plain',
      },
    });
    if (answer.status === 403 && /quota/i.test(answer.text)) {
      throw storeFailure('full', `The quota of the project in ${NAME} is used up.`);
    }
    if (answer.status !== CREATED) throw unexpected(answer, NAME);
    jsonOf(answer, NAME);
  };

  const put = async (write: SecretWrite): Promise<SecretVersion> => {
    const { place, writeId, credential, afterVersion } = write;
    const before = await entriesOf(place.nodeUuid, place.slot);
    const done = before.find((each) => each.writeId === writeId);
    if (done !== undefined) return versionPart(done);
    const newest = before[0]?.version ?? 0;
    if (afterVersion !== undefined && afterVersion < newest) throw conflictFailure(place);
    // Numbers of destroyed ones are not known any more; the writer's knowledge keeps them from being given again.
    const version = Math.max(newest, afterVersion ?? 0) + 1;
    const named = { ...place, version, writeId };
    let failure: unknown;
    try {
      await post(named, credentialText(credential));
    } catch (error) {
      if (!isDoubtful(error)) throw error;
      failure = error;
    }
    const after = await entriesOf(place.nodeUuid, place.slot).catch((error: unknown) => {
      throw failure ?? error;
    });
    const own = after.find((each) => each.writeId === writeId);
    if (own === undefined) throw failure ?? storeFailure('protocol', `${NAME} lost a secret.`);
    const rivals = after.filter((each) => each.version === own.version && each !== own);
    if (rivals.some((rival) => rival.writeId < writeId)) {
      await destroyIds(own.ids);
      throw conflictFailure(place);
    }
    return versionPart(own);
  };

  const read = async (entry: Entry, gone: Failure): Promise<StoredCredential> => {
    const answer = await ask({
      method: 'GET',
      path: `/v1/secrets/${entry.ids[0]}/payload`,
      headers: { accept: 'text/plain' },
    });
    if (answer.status === NOT_FOUND) throw gone;
    if (answer.status !== 200) throw unexpected(answer, NAME);
    const credential = readCredentialText(answer.text);
    if (credential === undefined) {
      throw storeFailure('protocol', `What ${NAME} has for slot ${entry.slot} is not ours.`);
    }
    return { ...versionPart(entry), writeId: entry.writeId, credential };
  };

  return makeCheckedSecretStore({
    kind: 'barbican',
    put: async (write) => {
      return put(write);
    },
    get: async (place, version) => {
      const found = (await entriesOf(place.nodeUuid, place.slot)).find(
        (each) => version === undefined || each.version === version,
      );
      const gone = goneFailure(place, version);
      if (found === undefined) throw gone;
      return read(found, gone);
    },
    getWrite: async (place, writeId) => {
      const found = await entryOf(place, writeId);
      const gone = goneFailure(place, writeId);
      if (found === undefined) throw gone;
      return read(found, gone);
    },
    findWrite: async (place, writeId) => {
      const found = await entryOf(place, writeId);
      return found === undefined ? undefined : versionPart(found);
    },
    list: async (nodeUuid) => (await entriesOf(nodeUuid)).map(versionPart),
    listNodes: async function* () {
      const seen = new Set<string>();
      for await (const { nodeUuid } of listNames(`${PREFIX}/%`)) {
        if (!seen.has(nodeUuid)) yield nodeUuid;
        seen.add(nodeUuid);
      }
    },
    destroy: async (place, version) => {
      const entries = await entriesOf(place.nodeUuid, place.slot);
      await destroyIds(
        entries.filter((each) => each.version === version).flatMap(({ ids }) => ids),
      );
    },
    health: () =>
      healthAfter(async () => {
        const answer = await ask({ method: 'GET', path: '/v1/secrets?limit=1' });
        if (answer.status !== 200) throw unexpected(answer, NAME);
        jsonOf(answer, NAME);
      }),
    close,
  });
};
