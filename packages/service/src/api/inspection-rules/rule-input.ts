// What clients write into inspection rules: conditions and actions, each with its own arguments. What a text refers to
// is known only when a rule runs; everything else is checked here, and the message names the place.

import { isIP } from 'node:net';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import {
  ACTION_OPS,
  CONDITION_OPS,
  isActionOp,
  isConditionOp,
  namedArguments,
  type Operation,
  type OperationArgument,
  pathSegments,
  plainOp,
} from '@bessemer/protocol/inspection/operations';
import { hasReference } from '@bessemer/protocol/inspection/references';
import { parseRegex } from '@bessemer/protocol/inspection/regex-parse';
import {
  pathProblem,
  SETTABLE_OF_NODE,
  SETTABLE_OF_PORT,
} from '@bessemer/protocol/inspection/settable';
import { isJsonObject, type JsonObject, type JsonValue } from '@bessemer/protocol/json';
import { requireTraitName } from '@bessemer/protocol/trait/trait-name';

import { shown, shownKind } from '../query.ts';
import type { ReadSpecial } from '../resource/resource-input.ts';

const PRIORITY_MAX = 9_999;
const PHASES = ['main'];
/** Of one rule; each is run for each item of its loop. */
const OPERATIONS_MAX = 100;
const LOOP_ITEMS_MAX = 1_000;
const TEXT_CHARS_MAX = 4_096;
const LEVELS = ['debug', 'info', 'warning', 'error', 'critical'];
const MULTIPLES = ['any', 'all', 'first', 'last'];

const refuse = (place: string, text: string): Refusal =>
  new Refusal(400, `Schema error for inspection rule: ${place}: ${text}`);

export const ruleSpecial: ReadSpecial = (name, value) => {
  if (name === 'priority') return readPriority(value);
  if (name === 'phase') {
    if (typeof value === 'string' && PHASES.includes(value)) return value;
    throw refuse('phase', `'${shown(value)}' is not one of ${PHASES.join(', ')}`);
  }
  const isCondition = name === 'conditions';
  if (!Array.isArray(value)) throw refuse(name, `${shown(value)} is not of type 'array'`);
  if (!isCondition && value.length === 0) throw refuse(name, 'at least one action is needed');
  if (value.length > OPERATIONS_MAX) throw refuse(name, `there are more than ${OPERATIONS_MAX}`);
  value.forEach((each, index) => checkOperation(`${name}[${index}]`, each, isCondition));
  return value;
};

const readPriority = (value: JsonValue): number => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= PRIORITY_MAX) {
    return value;
  }
  throw refuse('priority', `${shown(value)} is not an integer from 0 to ${PRIORITY_MAX}`);
};

const checkOperation = (place: string, value: JsonValue, isCondition: boolean): void => {
  if (!isJsonObject(value)) throw refuse(place, `${shownKind(value)} is not of type 'object'`);
  const allowed = isCondition ? ['op', 'args', 'loop', 'multiple'] : ['op', 'args', 'loop'];
  const extra = Object.keys(value).find((key) => !allowed.includes(key));
  if (extra !== undefined) throw refuse(place, `'${shown(extra)}' was unexpected`);
  const { op, args, loop, multiple } = value;
  const operation = operationOf(place, op, isCondition);
  if (!isJsonObject(args) && !Array.isArray(args)) {
    throw refuse(`${place}.args`, 'it must be a list or an object');
  }
  if (loop !== undefined) checkLoop(`${place}.loop`, loop);
  const isMultiple = typeof multiple === 'string' && MULTIPLES.includes(multiple);
  if (multiple !== undefined && !isMultiple) {
    throw refuse(`${place}.multiple`, `${shown(multiple)} is not one of ${MULTIPLES.join(', ')}`);
  }
  checkArguments(`${place}.args`, operation, namedArguments(operation, args));
};

const operationOf = (place: string, op: JsonValue | undefined, isCondition: boolean): Operation => {
  const name = typeof op === 'string' ? op : '';
  if (isCondition) {
    const plain = plainOp(name).name;
    if (isConditionOp(plain)) return CONDITION_OPS[plain];
  } else if (isActionOp(name)) return ACTION_OPS[name];
  const known = Object.keys(isCondition ? CONDITION_OPS : ACTION_OPS).join(', ');
  throw refuse(`${place}.op`, `${shown(op)} is not one of ${known}`);
};

const checkLoop = (place: string, loop: JsonValue): void => {
  if (!isJsonObject(loop) && !Array.isArray(loop)) {
    throw refuse(place, 'it must be a list or an object');
  }
  if (Array.isArray(loop) && loop.length > LOOP_ITEMS_MAX) {
    throw refuse(place, `it has more than ${LOOP_ITEMS_MAX} items`);
  }
};

const checkArguments = (place: string, operation: Operation, given: JsonObject): void => {
  for (const argument of operation) {
    const value = given[argument.name];
    const isMissing = value === undefined || (value === null && argument.kind !== 'any');
    if (!isMissing) checkArgument(`${place}.${argument.name}`, argument, value);
    else if (argument.isOptional !== true) {
      throw refuse(place, `missing required argument(s): ${argument.name}`);
    }
  }
  const names = operation.map(({ name }) => name);
  const extra = Object.keys(given).find((name) => !names.includes(name));
  if (extra !== undefined) {
    throw refuse(place, `unexpected argument(s): ${shown(extra)}; known are ${names.join(', ')}`);
  }
};

const checkArgument = (place: string, { kind }: OperationArgument, value: JsonValue): void => {
  if (typeof value === 'string' && value.length > TEXT_CHARS_MAX) {
    throw refuse(place, `it is longer than ${TEXT_CHARS_MAX} characters`);
  }
  if (kind === 'regex') {
    if (typeof value !== 'string') throw refuse(place, `${shown(value)} is not of type 'string'`);
    parseRegex(`Schema error for inspection rule: ${place}`, value);
    return;
  }
  if (kind !== 'any' && !hasReference(value)) CHECKS[kind](place, value);
};

type Check = (place: string, value: JsonValue) => void;

const requireText = (place: string, value: JsonValue): string => {
  if (typeof value === 'string') return value;
  throw refuse(place, `${shown(value)} is not of type 'string'`);
};

const checkPath = (settable: typeof SETTABLE_OF_NODE | undefined): Check => {
  return (place, value) => {
    const problem = pathProblem(pathSegments(requireText(place, value)), settable);
    if (problem !== undefined) throw refuse(place, `'${shown(value)}' cannot be: ${problem}`);
  };
};

const CHECKS: { readonly [kind in Exclude<OperationArgument['kind'], 'any' | 'regex'>]: Check } = {
  text: requireText,
  list: (place, value) => {
    if (!Array.isArray(value)) throw refuse(place, `${shown(value)} is not of type 'array'`);
  },
  flag: (place, value) => {
    if (typeof value !== 'boolean') throw refuse(place, `${shown(value)} is not of type 'boolean'`);
  },
  count: (place, value) => {
    if (typeof value === 'number' && value >= 0) return;
    throw refuse(place, `${shown(value)} is not a number of at least 0`);
  },
  level: (place, value) => {
    if (LEVELS.includes(requireText(place, value).toLowerCase())) return;
    throw refuse(place, `${shown(value)} is not one of ${LEVELS.join(', ')}`);
  },
  network: (place, value) => {
    const [address = '', bits] = requireText(place, value).split('/', 2);
    const family = isIP(address);
    const isCounted = bits === undefined || /^(?:0|[1-9][0-9]{0,2})$/.test(bits);
    if (family !== 0 && isCounted && Number(bits ?? 0) <= (family === 6 ? 128 : 32)) return;
    throw refuse(place, `${shown(value)} is not a network like 10.0.0.0/8`);
  },
  trait: (place, value) => {
    requireTraitName(`Schema error for inspection rule: ${place}`, value);
  },
  url: (place, value) => {
    const url = URL.parse(requireText(place, value));
    const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
    if (isWeb && url.username === '' && url.password === '') return;
    throw refuse(place, 'it must be an http or https URL without a user name');
  },
  headers: (place, value) => {
    const isRight =
      isJsonObject(value) && Object.values(value).every((each) => typeof each === 'string');
    if (!isRight) throw refuse(place, 'it must be an object of texts');
  },
  'node-path': checkPath(SETTABLE_OF_NODE),
  'port-path': checkPath(SETTABLE_OF_PORT),
  'plugin-path': checkPath(undefined),
};
