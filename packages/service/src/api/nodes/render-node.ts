// The one serialiser of nodes: a view and the asked fields become JSON text, with stored maps put in as they are.
// A writer is made once per set of fields and kept.

import { isoTime } from '#clock';
import type { NodeView } from '#store/node-views';

import { offers } from '@bessemer/protocol/microversion/features';
import {
  isNodeLinkField,
  NODE_FIELD_NAMES,
  nodeField,
  type NodeFieldName,
  nodeFieldSince,
} from '@bessemer/protocol/node/fields';

import { type FieldWriter, isSteady, linkRun, steadyRun } from './field-runs.ts';

export const nodeFieldsAt = (minor: number): readonly NodeFieldName[] =>
  cached(FULL, minor, () => NODE_FIELD_NAMES.filter((name) => nodeFieldSince(name) <= minor));

export const summaryFieldsAt = (minor: number): readonly NodeFieldName[] =>
  cached(SUMMARY, minor, () =>
    NODE_FIELD_NAMES.filter(
      (name) => nodeFieldSince(name) <= minor && nodeField(name).shown !== 'detail',
    ),
  );

const FULL = new Map<number, readonly NodeFieldName[]>();
const SUMMARY = new Map<number, readonly NodeFieldName[]>();

/** Bounded because a minor version is. */
const cached = <K, V>(cache: Map<K, V>, key: K, make: () => V): V => {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
};

export type NodeWriter = (view: NodeView, base: string) => string;

const WRITERS = new WeakMap<readonly NodeFieldName[], Map<number, NodeWriter>>();

/** `fields` is kept as a key: hand in the same array for the same set. */
export const nodeWriter = (fields: readonly NodeFieldName[], minor: number): NodeWriter => {
  const byMinor = WRITERS.get(fields) ?? new Map<number, NodeWriter>();
  WRITERS.set(fields, byMinor);
  return cached(byMinor, minor, () => makeWriter(fields, minor));
};

const makeWriter = (fields: readonly NodeFieldName[], minor: number): NodeWriter => {
  const writers = runsOf(fields).map((run) => runWriter(run, minor));
  return (view, base) => {
    let text = '{';
    for (let index = 0; index < writers.length; index += 1) {
      if (index > 0) text += ',';
      text += (writers[index] as FieldWriter)(view, base);
    }
    return `${text}}`;
  };
};

type Run = readonly [NodeFieldName, ...NodeFieldName[]];

const kindOfRun = (name: NodeFieldName): 'link' | 'steady' | 'single' => {
  if (isNodeLinkField(name)) return 'link';
  return isSteady(name) ? 'steady' : 'single';
};

/** Neighbours of one kind are written together. */
const runsOf = (fields: readonly NodeFieldName[]): readonly Run[] => {
  const runs: [NodeFieldName, ...NodeFieldName[]][] = [];
  for (const name of fields) {
    const kind = kindOfRun(name);
    const last = runs.at(-1);
    if (last === undefined || kind === 'single' || kindOfRun(last[0]) !== kind) runs.push([name]);
    else last.push(name);
  }
  return runs;
};

const runWriter = (run: Run, minor: number): FieldWriter => {
  const [first] = run;
  const kind = kindOfRun(first);
  if (kind === 'link') return linkRun(run);
  const writers = run.map((name) => fieldWriter(name, minor));
  const keys = run.map((name, index) => `${index === 0 ? '' : ','}"${name}":`);
  const write = (view: NodeView): string => {
    let text = '';
    for (let index = 0; index < writers.length; index += 1) {
      text += keys[index] as string;
      text += (writers[index] as (view: NodeView) => string)(view);
    }
    return text;
  };
  return kind === 'single' ? write : steadyRun(run.flatMap(columnsBehind), write);
};

const columnsBehind = (name: NodeFieldName): readonly (keyof NodeView)[] => {
  return [isInterface(name) ? 'interfaces' : (name as keyof NodeView)];
};

const INTERFACE_ENDING = '_interface';

const isInterface = (name: NodeFieldName): boolean => name.endsWith(INTERFACE_ENDING);

const fieldWriter = (name: NodeFieldName, minor: number): ((view: NodeView) => string) => {
  if (isInterface(name)) return interfaceWriter(name.slice(0, -INTERFACE_ENDING.length));
  if (name === 'provision_state') return provisionStateWriter(minor);
  if (name === 'driver_internal_info') return driverInternalInfo;
  const column = name as keyof NodeView;
  switch (nodeField(name).kind) {
    case 'object':
    case 'strings':
      return (view) => view[column] as string;
    case 'flag':
      return (view) => flagText(view[column] as number | null);
    case 'uuid':
    case 'time':
      return (view) => (view[column] === null ? 'null' : `"${view[column]}"`);
    default:
      return (view) => (view[column] === null ? 'null' : JSON.stringify(view[column]));
  }
};

const flagText = (value: number | null): string => {
  if (value === null) return 'null';
  return value === 0 ? 'false' : 'true';
};

/** Nearly all nodes of a site share a handful of sets; each is parsed once. */
const INTERFACE_SETS_MAX = 1_000;
const INTERFACE_SETS = new Map<string, { readonly [kind: string]: string }>();

const interfaceWriter =
  (kind: string) =>
  (view: NodeView): string => {
    let known = INTERFACE_SETS.get(view.interfaces);
    if (known === undefined) {
      if (INTERFACE_SETS.size >= INTERFACE_SETS_MAX) INTERFACE_SETS.clear();
      known = JSON.parse(view.interfaces) as { readonly [kind: string]: string };
      INTERFACE_SETS.set(view.interfaces, known);
    }
    const name = known[kind];
    return name === undefined || name === '' ? 'null' : JSON.stringify(name);
  };

/** Old clients know no name for `available`, nor the wait during inspection. */
const provisionStateWriter = (minor: number): ((view: NodeView) => string) => {
  const hasAvailable = offers(minor, 'available-name');
  const hasInspectWait = offers(minor, 'inspect-wait-state');
  return (view) => {
    const state = view.provision_state;
    if (state === 'available' && !hasAvailable) return 'null';
    if (state === 'inspect wait' && !hasInspectWait) return '"inspecting"';
    return JSON.stringify(state);
  };
};

/** The stored map, and what is known of the agent that is at work on the node now. */
const driverInternalInfo = (view: NodeView): string => {
  const stored = view.driver_internal_info;
  if (view.session_state === null) return stored;
  const facts: { [key: string]: unknown } = {
    agent_session: {
      state: view.session_state,
      route: view.session_route,
      trust_level: view.session_trust_level,
      boot_no: view.session_boot_no,
      pin: view.session_pin,
      last_seen: timeText(view.session_last_seen_ms),
    },
  };
  if (view.session_callback_url !== null) facts['agent_url'] = view.session_callback_url;
  if (view.session_agent_version !== null) facts['agent_version'] = view.session_agent_version;
  if (view.session_last_seen_ms !== null) {
    // Without zone, as agents and their tools have always read it.
    facts['agent_last_heartbeat'] = isoTime(view.session_last_seen_ms).slice(0, -'+00:00'.length);
  }
  if (view.session_has_token === 1) {
    facts['agent_secret_token'] = '******';
    // Clients know by this that no lookup ever shows the token.
    if (view.session_route !== 'lookup') facts['agent_secret_token_pregenerated'] = true;
  }
  const text = JSON.stringify(facts);
  return stored === '{}' ? text : `${stored.slice(0, -1)},${text.slice(1)}`;
};

const timeText = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));
