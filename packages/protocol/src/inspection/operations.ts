// What conditions and actions of inspection rules exist, and what arguments each takes. Arguments may be given by
// name or as a list in the order of this table.

import type { JsonObject, JsonValue } from '../json.ts';
import type { RuleArguments } from './rule-record.ts';

export type ArgumentKind =
  | 'any'
  | 'list'
  | 'text'
  | 'flag'
  | 'regex'
  | 'network'
  | 'level'
  | 'trait'
  | 'url'
  | 'count'
  | 'headers'
  /** Of a node, a port, or free (plugin data). */
  | 'node-path'
  | 'port-path'
  | 'plugin-path';

export type OperationArgument = {
  readonly name: string;
  readonly kind: ArgumentKind;
  readonly isOptional?: boolean;
};

export type Operation = readonly OperationArgument[];

const VALUE: OperationArgument = { name: 'value', kind: 'any' };
const UNIQUE: OperationArgument = { name: 'unique', kind: 'flag', isOptional: true };
const NAME: OperationArgument = { name: 'name', kind: 'text' };
const TRAIT: OperationArgument = { name: 'name', kind: 'trait' };
const MESSAGE: OperationArgument = { name: 'msg', kind: 'text' };
const PORT: OperationArgument = { name: 'port_id', kind: 'text' };
const path = (kind: ArgumentKind): OperationArgument => ({ name: 'path', kind });
const optional = (name: string, kind: ArgumentKind): OperationArgument => ({
  name,
  kind,
  isOptional: true,
});

const COMPARED: Operation = [{ name: 'values', kind: 'list' }, optional('force_strings', 'flag')];
const MATCHED: Operation = [VALUE, { name: 'regex', kind: 'regex' }];

export const CONDITION_OPS = {
  eq: COMPARED,
  lt: COMPARED,
  gt: COMPARED,
  'is-empty': [VALUE],
  'in-net': [
    { name: 'address', kind: 'text' },
    { name: 'subnet', kind: 'network' },
  ],
  matches: MATCHED,
  contains: MATCHED,
  'one-of': [VALUE, optional('values', 'list')],
  'is-none': [VALUE],
  'is-true': [VALUE],
  'is-false': [VALUE],
} as const satisfies { readonly [op: string]: Operation };

export const ACTION_OPS = {
  fail: [MESSAGE],
  log: [MESSAGE, optional('level', 'level')],
  'set-attribute': [path('node-path'), VALUE],
  'extend-attribute': [path('node-path'), VALUE, UNIQUE],
  'del-attribute': [path('node-path')],
  'set-capability': [NAME, VALUE],
  'unset-capability': [NAME],
  'add-trait': [TRAIT],
  'remove-trait': [TRAIT],
  'set-plugin-data': [path('plugin-path'), VALUE],
  'extend-plugin-data': [path('plugin-path'), VALUE, UNIQUE],
  'unset-plugin-data': [path('plugin-path')],
  'set-port-attribute': [PORT, path('port-path'), VALUE],
  'extend-port-attribute': [PORT, path('port-path'), VALUE, UNIQUE],
  'del-port-attribute': [PORT, path('port-path')],
  'api-call': [
    { name: 'url', kind: 'url' },
    optional('headers', 'headers'),
    optional('timeout', 'count'),
    optional('retries', 'count'),
    optional('backoff_factor', 'count'),
  ],
} as const satisfies { readonly [op: string]: Operation };

export type ConditionOp = keyof typeof CONDITION_OPS;
export type ActionOp = keyof typeof ACTION_OPS;

export const isConditionOp = (text: string): text is ConditionOp =>
  Object.hasOwn(CONDITION_OPS, text);
export const isActionOp = (text: string): text is ActionOp => Object.hasOwn(ACTION_OPS, text);

/** `! eq` and `!eq` are the opposite of `eq`. */
export const plainOp = (op: string): { readonly name: string; readonly isInverted: boolean } => {
  const text = op.trim();
  const isInverted = text.startsWith('!');
  return { name: isInverted ? text.slice(1).trim() : text, isInverted };
};

/** The arguments under their names. More than there are come back as `argument 3` and so on. */
export const namedArguments = (operation: Operation, given: RuleArguments): JsonObject => {
  if (!Array.isArray(given)) return given;
  const named: JsonObject = {};
  // A list of what is compared, written without a list around it.
  const isBareList = operation[0]?.kind === 'list' && !Array.isArray(given[0]);
  const values: readonly JsonValue[] = isBareList ? [given] : given;
  values.forEach((value, index) => {
    named[operation[index]?.name ?? `argument ${index + 1}`] = value;
  });
  return named;
};

/** Slashes or dots; a first slash does not count. */
export const pathSegments = (text: string): readonly string[] =>
  text.includes('/') ? text.replace(/^\/+|\/+$/g, '').split('/') : text.split('.');
