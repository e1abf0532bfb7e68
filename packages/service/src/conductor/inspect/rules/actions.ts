// The actions of rules. Each changes the copies that it is given, or throws RuleProblem; none touches the world.

import {
  ACTION_OPS,
  type ActionOp,
  isActionOp,
  namedArguments,
  pathSegments,
} from '@bessemer/protocol/inspection/operations';
import { pathProblem } from '@bessemer/protocol/inspection/settable';
import type { RuleAction } from '@bessemer/protocol/inspection/rule-record';
import type { JsonObject, JsonValue } from '@bessemer/protocol/json';
import { isTraitName } from '@bessemer/protocol/trait/trait-name';

import { type Change, changeAttributes, OF_PORT, ofNode } from './attributes.ts';
import { asText, resolve, resolveFixed, type Scope } from './resolve.ts';
import { RuleProblem, shownValue } from './rule-problem.ts';
import { withMember, withoutValue, withValue } from './value-at.ts';
import type { ApiCall, RuleNote, Work, WorkPort } from './work.ts';

/** As many as the API takes for a node. */
const TRAITS_MAX = 50;
const PLUGIN_DATA_CHARS_MAX = 1_048_576;
const CALLS_MAX = 100;
const NOTES_MAX = 50;
const NOTE_CHARS_MAX = 500;

/** `item` is of the loop, as the rule has it; that of the scope, as it is for this machine. */
export const runAction = (
  { op, args }: RuleAction,
  work: Work,
  scope: Scope,
  rawItem: JsonValue | undefined,
  rule: string,
): void => {
  if (!isActionOp(op)) throw new RuleProblem(`there is no action ${shownValue(op)}`);
  const { path, ...given } = namedArguments(ACTION_OPS[op], args);
  const isTold = op === 'log' || op === 'fail';
  const resolved = resolve(given, scope, isTold ? 'text' : 'fail') as JsonObject;
  const at = path === undefined ? '' : resolveFixed(asText(path), rawItem);
  const note = (on: string, more: Partial<RuleNote> = {}): void => {
    if (work.notes.length < NOTES_MAX) {
      work.notes.push({ rule, op, on: on.slice(0, NOTE_CHARS_MAX), ...more });
    }
  };
  ACTIONS[op]({ ...resolved, path: at }, work, scope, note);
};

type Note = (on: string, more?: Partial<RuleNote>) => void;
type Action = (args: JsonObject, work: Work, scope: Scope, note: Note) => void;

const valueOf = ({ value = null }: JsonObject): JsonValue => value;
const textOf = (args: JsonObject, name: string): string => asText(args[name] ?? '');

const setting = (args: JsonObject): Change => ({ kind: 'set', value: valueOf(args) });
const extending = (args: JsonObject): Change => ({
  kind: 'extend',
  value: valueOf(args),
  isUnique: args['unique'] === true,
});
const removing = (): Change => ({ kind: 'remove' });

const onNode =
  (changeOf: (args: JsonObject) => Change): Action =>
  (args, work, { isSensitive }, note) => {
    const path = textOf(args, 'path');
    const owner = ofNode(isSensitive, work.hasSecrets);
    work.attributes = changeAttributes(work.attributes, path, changeOf(args), owner);
    note(path);
  };

const onPort =
  (changeOf: (args: JsonObject) => Change): Action =>
  (args, work, _scope, note) => {
    const path = textOf(args, 'path');
    const port = requirePort(work, textOf(args, 'port_id'));
    port.attributes = changeAttributes(port.attributes, path, changeOf(args), OF_PORT);
    note(`port ${port.address} ${path}`);
  };

/** By UUID or MAC, and only of the node itself. */
const requirePort = (work: Work, ident: string): WorkPort => {
  const wanted = ident.toLowerCase();
  const port = work.ports.find((each) => each.uuid === wanted || each.address === wanted);
  if (port === undefined) throw new RuleProblem(`the node has no port ${shownValue(ident)}`);
  return port;
};

const onPluginData =
  (change: (data: JsonObject, path: readonly string[], args: JsonObject) => JsonObject): Action =>
  (args, work, _scope, note) => {
    const path = pathSegments(textOf(args, 'path'));
    const problem = pathProblem(path, undefined);
    if (problem !== undefined) throw new RuleProblem(`${shownValue(args['path'])}: ${problem}`);
    const changed = change(work.pluginData, path, args);
    if (JSON.stringify(changed).length > PLUGIN_DATA_CHARS_MAX) {
      throw new RuleProblem(`plugin data would become larger than ${PLUGIN_DATA_CHARS_MAX}`);
    }
    work.pluginData = changed;
    note(path.join('.'));
  };

const CAPABILITY_NAME = /^[A-Za-z0-9_.-]{1,255}$/;
/** A comma would begin another capability. */
const CAPABILITY_VALUE = /^[^,:\p{Cc}]{0,255}$/u;

const capabilitiesWithout = (work: Work, name: string): readonly string[] => {
  const properties = work.attributes['properties'] as JsonObject;
  const { capabilities } = properties;
  const all = typeof capabilities === 'string' ? capabilities.split(',') : [];
  return all.filter((pair) => pair !== '' && pair.split(':', 1)[0]?.trim() !== name);
};

const putCapabilities = (work: Work, pairs: readonly string[]): void => {
  const change: Change =
    pairs.length === 0 ? { kind: 'remove' } : { kind: 'set', value: pairs.join(',') };
  const properties = work.attributes['properties'] as JsonObject;
  if (change.kind === 'remove' && properties['capabilities'] === undefined) return;
  const owner = ofNode(false, false);
  work.attributes = changeAttributes(work.attributes, 'properties/capabilities', change, owner);
};

const capabilityName = (args: JsonObject): string => {
  const name = textOf(args, 'name');
  if (CAPABILITY_NAME.test(name)) return name;
  throw new RuleProblem(`${shownValue(name)} is not the name of a capability`);
};

const callOf = (args: JsonObject): ApiCall => {
  const { headers = {}, timeout = 5, retries = 3 } = args;
  const texts = Object.entries(headers as JsonObject).map(([name, value]) => {
    const text = asText(value);
    if (/^[!-9;-~]{1,100}$/.test(name) && /^[\t\x20-\x7e]{0,4096}$/.test(text)) return [name, text];
    throw new RuleProblem(`the header ${shownValue(name)} cannot be sent`);
  });
  return {
    url: textOf(args, 'url'),
    headers: Object.fromEntries(texts) as ApiCall['headers'],
    timeoutMs: Number(timeout) * 1_000,
    retryCountMax: Number(retries),
  };
};

const ACTIONS: { readonly [op in ActionOp]: Action } = {
  fail: (args) => {
    throw new RuleProblem(textOf(args, 'msg').slice(0, NOTE_CHARS_MAX));
  },
  log: (args, _work, { isSensitive }, note) => {
    const text = textOf(args, 'msg').slice(0, NOTE_CHARS_MAX);
    note('log', {
      level: textOf(args, 'level').toLowerCase() || 'info',
      text: isSensitive ? 'of a sensitive rule' : text,
    });
  },
  'set-attribute': onNode(setting),
  'extend-attribute': onNode(extending),
  'del-attribute': onNode(removing),
  'set-capability': (args, work, _scope, note) => {
    const name = capabilityName(args);
    const value = asText(valueOf(args));
    if (!CAPABILITY_VALUE.test(value)) {
      throw new RuleProblem(`the capability ${name} cannot be ${shownValue(value)}`);
    }
    putCapabilities(work, [...capabilitiesWithout(work, name), `${name}:${value}`]);
    note(name);
  },
  'unset-capability': (args, work, _scope, note) => {
    const name = capabilityName(args);
    putCapabilities(work, capabilitiesWithout(work, name));
    note(name);
  },
  'add-trait': (args, work, _scope, note) => {
    const name = textOf(args, 'name');
    if (!isTraitName(name)) throw new RuleProblem(`${shownValue(name)} is not a trait`);
    work.traits.add(name);
    if (work.traits.size > TRAITS_MAX) {
      throw new RuleProblem(`the node would have more than ${TRAITS_MAX} traits`);
    }
    note(name);
  },
  'remove-trait': (args, work, _scope, note) => {
    const name = textOf(args, 'name');
    if (work.traits.delete(name)) note(name);
  },
  'set-plugin-data': onPluginData((data, path, args) => withValue(data, path, valueOf(args))),
  'extend-plugin-data': onPluginData((data, path, args) =>
    withMember(data, path, valueOf(args), args['unique'] === true),
  ),
  'unset-plugin-data': onPluginData((data, path) => withoutValue(data, path) ?? data),
  'set-port-attribute': onPort(setting),
  'extend-port-attribute': onPort(extending),
  'del-port-attribute': onPort(removing),
  'api-call': (args, work, { isSensitive }, note) => {
    if (work.calls.length >= CALLS_MAX) {
      throw new RuleProblem(`rules make at most ${CALLS_MAX} calls`);
    }
    const call = callOf(args);
    work.calls.push(call);
    note(isSensitive ? 'a call of a sensitive rule' : (call.url.split('?', 1)[0] ?? ''));
  },
};
