// The secrets of a node's driver_info, kept apart: the map itself is stored with a mask in their place, they are
// sealed, all of them as one value. So the map can be read, listed, compared and patched by whoever has no key.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { maskDriverInfo, SECRET_MASK } from '@bessemer/protocol/node/mask';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import type { KeyRing } from './key-ring.ts';

export type KeptDriverInfo = Pick<NodeRecord, 'driverInfo' | 'driverSecrets'>;

/** JSON pointer into driver_info to the value that the mask stands for. */
type Secrets = Map<string, JsonValue>;

export const driverSecretsContext = (nodeUuid: string): string => `driver-secrets/${nodeUuid}`;

/**
 * Takes the secrets out of `given`. Where it has the mask (or the masked text) that `before` shows in the same place,
 * the secret from before stays: a client that writes back what it read changes nothing. Throws Refusal(400) where a mask in
 * a list could stand for any of its secrets.
 */
export const keepDriverInfo = (
  keys: Pick<KeyRing, 'seal' | 'open'>,
  nodeUuid: string,
  given: JsonObject,
  before?: KeptDriverInfo,
): KeptDriverInfo => {
  const driverInfo = maskDriverInfo(given);
  const secrets: Secrets = new Map();
  collect(given, driverInfo, '', secrets);
  if (before !== undefined) {
    for (const [pointer, secret] of openSecrets(keys, nodeUuid, before.driverSecrets)) {
      const shown = valueAt(before.driverInfo, pointer);
      if (shown === undefined || !isSame(valueAt(given, pointer), shown)) continue;
      refuseMoved(given, before.driverInfo, pointer);
      secrets.set(pointer, secret);
    }
  }
  if (secrets.size === 0) return { driverInfo, driverSecrets: null };
  const plain = Buffer.from(JSON.stringify([...secrets]));
  return { driverInfo, driverSecrets: keys.seal(plain, driverSecretsContext(nodeUuid)) };
};

/** The places of a list move when it is written to: a secret must not go to whoever has its place now. */
const refuseMoved = (given: JsonObject, before: JsonObject, pointer: string): void => {
  const segments = segmentsOf(pointer);
  const depth = segments.findIndex((_, index) =>
    Array.isArray(childAt(before, segments.slice(0, index))),
  );
  if (depth === -1) return;
  const [was, is] = [before, given].map((root) => childAt(root, segments.slice(0, depth)));
  const isKept =
    Array.isArray(was) && Array.isArray(is) && was.every((each, index) => isSame(each, is[index]));
  if (isKept) return;
  throw new Refusal(
    400,
    `driver_info${pointer}: the list that it is in changes, so ${SECRET_MASK} does not say which secret it stands for; ` +
      'give the secrets of the list again.',
  );
};

/** driver_info with its secrets in their places, for drivers. */
export const openDriverInfo = (
  keys: Pick<KeyRing, 'open'>,
  node: KeptDriverInfo & { readonly uuid: string },
): JsonObject => {
  if (node.driverSecrets === null) return node.driverInfo;
  const opened = structuredClone(node.driverInfo);
  for (const [pointer, secret] of openSecrets(keys, node.uuid, node.driverSecrets)) {
    putAt(opened, pointer, secret);
  }
  return opened;
};

const openSecrets = (
  keys: Pick<KeyRing, 'open'>,
  nodeUuid: string,
  sealed: string | null,
): Secrets => {
  if (sealed === null) return new Map();
  const plain = keys.open(sealed, driverSecretsContext(nodeUuid)).toString();
  return new Map(JSON.parse(plain) as [string, JsonValue][]);
};

const isSame = (one: JsonValue | undefined, other: JsonValue | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** Every place where the masked value is another one than what was given, as high up as it is. */
const collect = (
  given: JsonValue | undefined,
  masked: JsonValue | undefined,
  pointer: string,
  secrets: Secrets,
): void => {
  if (given === undefined) return;
  if (isJsonObject(given) && isJsonObject(masked)) {
    for (const [key, each] of Object.entries(given)) {
      collect(each, masked[key], `${pointer}/${escaped(key)}`, secrets);
    }
  } else if (Array.isArray(given) && Array.isArray(masked)) {
    for (const [index, each] of given.entries()) {
      collect(each, masked[index], `${pointer}/${index}`, secrets);
    }
  } else if (!isSame(given, masked)) secrets.set(pointer, given);
};

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

const segmentsOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));

const childOf = (value: JsonValue | undefined, segment: string): JsonValue | undefined => {
  if (Array.isArray(value)) return value[Number(segment)];
  return isJsonObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
};

const childAt = (root: JsonObject, segments: readonly string[]): JsonValue | undefined => {
  let value: JsonValue | undefined = root;
  for (const segment of segments) value = childOf(value, segment);
  return value;
};

const valueAt = (root: JsonObject, pointer: string): JsonValue | undefined =>
  childAt(root, segmentsOf(pointer));

const putAt = (root: JsonObject, pointer: string, secret: JsonValue): void => {
  const segments = segmentsOf(pointer);
  const last = segments.at(-1) ?? '';
  let parent: JsonValue | undefined = root;
  for (const segment of segments.slice(0, -1)) parent = childOf(parent, segment);
  if (Array.isArray(parent)) parent[Number(last)] = secret;
  else if (isJsonObject(parent)) parent[last] = secret;
};
