// Changing attributes of a node or a port: only those of the list, only to values that the API would take there too.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import { pathSegments } from '@bessemer/protocol/inspection/operations';
import {
  pathProblem,
  type Settable,
  SETTABLE_OF_NODE,
  SETTABLE_OF_PORT,
} from '@bessemer/protocol/inspection/settable';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { checkKernelArguments } from '@bessemer/protocol/node/kernel-arguments';
import { maskDriverInfo } from '@bessemer/protocol/node/mask';
import { isNetworkType, isSwitchId, LINK_KEYS } from '@bessemer/protocol/port/link-keys';

import { RuleProblem, shownValue } from './rule-problem.ts';
import { withMember, withoutValue, withValue } from './value-at.ts';
import type { Attributes } from './work.ts';

export type Owner = {
  readonly settable: { readonly [attribute: string]: Settable };
  /** Whether the rule may handle secrets, because it is one itself. */
  readonly isSensitive: boolean;
  /** Whether the node has credentials, which must not be sent to whatever place a machine names. */
  readonly hasSecrets: boolean;
};

export const ofNode = (isSensitive: boolean, hasSecrets: boolean): Owner => ({
  settable: SETTABLE_OF_NODE,
  isSensitive,
  hasSecrets,
});
export const OF_PORT: Owner = {
  settable: SETTABLE_OF_PORT,
  isSensitive: false,
  hasSecrets: false,
};

/** A map of a node that a machine fills is not to outgrow what people can read. */
const MAP_CHARS_MAX = 65_536;

export type Change =
  | { readonly kind: 'set'; readonly value: JsonValue }
  | { readonly kind: 'extend'; readonly value: JsonValue; readonly isUnique: boolean }
  | { readonly kind: 'remove' };

/** The attributes after the change. Throws RuleProblem. */
export const changeAttributes = (
  attributes: Attributes,
  pathText: string,
  change: Change,
  owner: Owner,
): Attributes => {
  const path = pathSegments(pathText);
  const problem = pathProblem(path, owner.settable);
  if (problem !== undefined) throw new RuleProblem(`${shownValue(pathText)}: ${problem}`);
  const [root = ''] = path;
  const settable = owner.settable[root] as Settable;
  if (settable.kind === 'map') {
    const changed = { ...attributes, [root]: changedMap(attributes, path, change) };
    checkMap(root, attributes[root] as JsonObject, changed[root] as JsonObject, path, owner);
    return changed;
  }
  if (change.kind === 'extend') throw new RuleProblem(`${root} is no list`);
  const value = change.kind === 'remove' ? null : change.value;
  checkScalar(root, settable, attributes[root] ?? null, value);
  return { ...attributes, [root]: value };
};

const changedMap = (
  attributes: Attributes,
  path: readonly string[],
  change: Change,
): JsonObject => {
  const [root = '', ...below] = path;
  const map = attributes[root] as JsonObject;
  if (below.length === 0) {
    if (root === 'driver_info') throw new RuleProblem('driver_info is changed key by key only');
    if (change.kind === 'remove') return {};
    if (change.kind === 'set' && isJsonObject(change.value)) return change.value;
    throw new RuleProblem(`${root} is a map`);
  }
  if (change.kind === 'set') return withValue(map, below, change.value);
  if (change.kind === 'extend') return withMember(map, below, change.value, change.isUnique);
  const removed = withoutValue(map, below);
  if (removed === undefined) throw new RuleProblem(`there is no ${path.join('/')} to delete`);
  return removed;
};

const checkMap = (
  root: string,
  before: JsonObject,
  after: JsonObject,
  path: readonly string[],
  owner: Owner,
): void => {
  if (JSON.stringify(after).length > MAP_CHARS_MAX) {
    throw new RuleProblem(`${root} would become larger than ${MAP_CHARS_MAX} characters`);
  }
  if (root === 'local_link_connection') checkLink(after);
  if (root !== 'driver_info') return;
  try {
    checkKernelArguments('driver_info', after);
  } catch (error) {
    if (error instanceof Refusal) throw new RuleProblem(error.message);
    throw error;
  }
  if (owner.isSensitive) return;
  const key = path[1] ?? '';
  if (JSON.stringify(maskDriverInfo(after)) !== JSON.stringify(after)) {
    throw new RuleProblem(`driver_info/${key} is a secret, which only a sensitive rule may set`);
  }
  const isMoved = JSON.stringify(before[key]) !== JSON.stringify(after[key]);
  if (owner.hasSecrets && isMoved && /address|host|url|port$/i.test(key)) {
    throw new RuleProblem(
      `driver_info/${key} decides where the credentials of the node are sent, so only a sensitive rule may change it`,
    );
  }
};

const LINK_CHARS_MAX = 255;

const isLinkValue = (key: string, value: JsonValue): boolean => {
  if (!LINK_KEYS.has(key) || typeof value !== 'string' || value.length > LINK_CHARS_MAX) {
    return false;
  }
  if (key === 'switch_id') return isSwitchId(value);
  return key !== 'network_type' || isNetworkType(value);
};

/** Key by key: rules put a connection together in several actions. */
const checkLink = (link: JsonObject): void => {
  for (const [key, value] of Object.entries(link)) {
    if (!isLinkValue(key, value)) {
      throw new RuleProblem(`local_link_connection/${key} cannot be ${shownValue(value)}`);
    }
  }
};

const checkScalar = (
  root: string,
  settable: Exclude<Settable, { readonly kind: 'map' }>,
  before: JsonValue,
  value: JsonValue,
): void => {
  if (settable.kind === 'same') {
    if (value === before) return;
    throw new RuleProblem(
      `${root} is ${shownValue(before)} and cannot become ${shownValue(value)} while the machine is inspected`,
    );
  }
  if (settable.kind === 'flag') {
    if (typeof value === 'boolean') return;
    throw new RuleProblem(`${root} cannot be ${shownValue(value)}: it is true or false`);
  }
  if (value === null) return;
  const isRight =
    typeof value === 'string' &&
    value.length <= settable.charsMax &&
    (settable.pattern === undefined || settable.pattern.test(value));
  if (!isRight) throw new RuleProblem(`${root} cannot be ${shownValue(value)}`);
};
