// Calls of Metal3's baremetal-operator as data: what it sends in which order, what it takes for an answer, and how it
// goes on where that is not at once the one it wants. `:node` and other names in paths and bodies are filled in with
// what earlier answers told.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import type { Body } from '../api-client.ts';
import { checkStrictly } from './gophercloud.ts';

export type Known = { readonly [name: string]: string };

export type Step = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** gophercloud takes exactly these. */
  readonly status: number;
  /** Asked again until it holds, as the operator polls. */
  readonly until?: (body: Body) => boolean;
  readonly check?: (body: Body, known: Known) => void;
  /** What to remember of the answer. */
  readonly keep?: (body: Body) => Known;
  /** Sent instead when the answer is 400: the machine cannot do it softly. */
  readonly fallback?: unknown;
};

export type Outcome = {
  readonly known: Known;
  /** How often it was told that the node is busy, and came again. */
  readonly busy: number;
  /** How often it had to send the fallback. */
  readonly fallbacks: number;
};

/** The operator waits 3 s after a 409 and 10 s between looks; nothing but the test's time depends on it. */
const AGAIN_MS = 200;
const TRIES_MAX = 150;
const MICROVERSION = '1.110';

const fill = (value: unknown, known: Known): unknown => {
  if (typeof value === 'string') {
    return value.replaceAll(/:([a-z]+)\b/g, (whole, name: string) => known[name] ?? whole);
  }
  if (Array.isArray(value)) return value.map((each) => fill(each, known));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, known)]));
};

export type Operator = {
  readonly url: string;
  readonly headers: Known;
};

type Answer = { readonly status: number; readonly body: Body };

const send = async (operator: Operator, step: Step, payload: unknown, path: string) => {
  const headers: { [name: string]: string } = {
    ...operator.headers,
    accept: 'application/json',
    'x-openstack-ironic-api-version': MICROVERSION,
    'openstack-api-version': `baremetal ${MICROVERSION}`,
  };
  if (payload !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(new URL(path, operator.url), {
    method: step.method,
    headers,
    ...(payload === undefined ? {} : { body: JSON.stringify(payload) }),
  });
  const text = await response.text();
  const answer: Answer = {
    status: response.status,
    body: text === '' ? undefined : JSON.parse(text),
  };
  return answer;
};

/** One step to its wanted answer. */
const take = async (operator: Operator, step: Step, known: Known): Promise<Outcome> => {
  const path = fill(step.path, known) as string;
  const what = `${step.method} ${path}`;
  let payload = fill(step.body, known);
  let busy = 0;
  let fallbacks = 0;
  let last = '';
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const { status, body } = await send(operator, step, payload, path);
    last = `${status} ${JSON.stringify(body)}`;
    if (status === 409 && step.status !== 409) {
      busy += 1;
      await pause(AGAIN_MS);
      continue;
    }
    if (status === 400 && step.fallback !== undefined && fallbacks === 0) {
      payload = step.fallback;
      fallbacks += 1;
      continue;
    }
    assert.equal(status, step.status, `${what}: ${JSON.stringify(body)}`);
    checkStrictly(path, step.method, status, body);
    if (step.until !== undefined && !step.until(body)) {
      await pause(AGAIN_MS);
      continue;
    }
    step.check?.(body, known);
    return { known: { ...known, ...step.keep?.(body) }, busy, fallbacks };
  }
  throw new assert.AssertionError({ message: `${what} never came to what it waits for: ${last}` });
};

export const follow = async (
  operator: Operator,
  steps: readonly Step[],
  known: Known = {},
): Promise<Outcome> => {
  let outcome: Outcome = { known, busy: 0, fallbacks: 0 };
  for (const step of steps) {
    const taken = await take(operator, step, outcome.known);
    outcome = {
      known: taken.known,
      busy: outcome.busy + taken.busy,
      fallbacks: outcome.fallbacks + taken.fallbacks,
    };
  }
  return outcome;
};
