// What the interfaces of fake machines share: their memory, and work that takes its time or fails.

import type { Clock } from '#clock';

import type { FailureCode } from '@bessemer/protocol/errors/codes';
import { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeRecord } from '@bessemer/protocol/node/record';

import { pause } from '../pause.ts';
import { type FakeMachines, makeFakeMachines } from './machines.ts';
import {
  delayMsOf,
  failingWorksOf,
  type FakeOptions,
  type FakeWork,
  requireFakeSettings,
} from './options.ts';

export type FakeParts = {
  readonly machines: FakeMachines;
  readonly clock: Clock;
  /** Takes the time that the work takes, then fails when the node says so. */
  readonly toil: (node: NodeRecord, work: FakeWork) => Promise<void>;
  readonly validate: (node: NodeRecord) => void;
  readonly callbackDelayMs: (node: NodeRecord) => number;
};

const FAILURE_CODES: { readonly [work in FakeWork]: FailureCode } = {
  power: 'bmc.power',
  management: 'bmc.refused',
  boot: 'bmc.refused',
  deploy: 'image.write',
  clean: 'disk.erase',
  inspect: 'inspect.invalid',
  rescue: 'bmc.refused',
  callback: 'agent.not-called',
};

export const makeFakeParts = (options: FakeOptions, clock: Clock): FakeParts => ({
  machines: makeFakeMachines(),
  clock,
  toil: async (node, work) => {
    await pause(clock, delayMsOf(node, work, options));
    if (!failingWorksOf(node).includes(work)) return;
    throw new Failure(FAILURE_CODES[work], `The fake machine fails at ${work}: fake_fail says so`);
  },
  validate: (node) => requireFakeSettings(node, options),
  callbackDelayMs: (node) => delayMsOf(node, 'callback', options),
});
