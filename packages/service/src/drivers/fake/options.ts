// How long fake machines take. Zero by default: a thousand of them should show what the service costs, not
// what waiting costs. A node overrides each with driver_info `fake_<work>_delay`, in seconds.

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { NodeRecord } from '@bessemer/protocol/node/record';

export const FAKE_WORKS = [
  'power',
  'management',
  'boot',
  'deploy',
  'clean',
  'inspect',
  'rescue',
  'callback',
] as const;
export type FakeWork = (typeof FAKE_WORKS)[number];

/** Milliseconds per kind of work; `[fake] power_delay` and so on. */
export type FakeOptions = { readonly delayMs: { readonly [work in FakeWork]?: number } };

export const DEFAULT_FAKE_OPTIONS: FakeOptions = {
  delayMs: {
    power: 0,
    management: 0,
    boot: 0,
    deploy: 0,
    clean: 0,
    inspect: 0,
    rescue: 0,
    callback: 0,
  },
};

/** A fake machine that takes longer than an hour is a typing error. */
const DELAY_SECONDS_MAX = 3_600;

export const delayMsOf = (node: NodeRecord, work: FakeWork, options: FakeOptions): number => {
  const key = `fake_${work}_delay`;
  const value = node.driverInfo[key];
  if (value === undefined || value === null) return options.delayMs[work] ?? 0;
  const seconds = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof seconds === 'number' && seconds >= 0 && seconds <= DELAY_SECONDS_MAX) {
    return seconds * 1_000;
  }
  throw new Refusal(
    400,
    `driver_info ${key} is a number of seconds from 0 to ${DELAY_SECONDS_MAX}`,
  );
};

/** The kinds of work that driver_info `fake_fail` names, e.g. `deploy,clean`. */
export const failingWorksOf = (node: NodeRecord): readonly FakeWork[] => {
  const value = node.driverInfo['fake_fail'];
  if (value === undefined || value === null || value === '') return [];
  const names = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : [''];
  const works = FAKE_WORKS.filter((work) => names.includes(work));
  if (works.length === names.length) return works;
  throw new Refusal(400, `driver_info fake_fail is a list of: ${FAKE_WORKS.join(', ')}`);
};

export const requireFakeSettings = (node: NodeRecord, options: FakeOptions): void => {
  for (const work of FAKE_WORKS) delayMsOf(node, work, options);
  failingWorksOf(node);
};
