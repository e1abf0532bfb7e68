// The state of the fake BMC, and the bad habits that a test can switch on.

import type { JsonObject, JsonValue } from '@bessemer/protocol/json';

export type Reply = {
  readonly status: number;
  readonly body?: JsonValue;
  readonly text?: string;
  readonly headers?: { readonly [name: string]: string };
};

/** Counters go down by one each time a habit shows; 0 is off. */
export type Habits = {
  /** Requests that are never answered. */
  silentTimes: number;
  /** Requests that get 503 and Retry-After: 0. */
  busyTimes: number;
  /** Actions, and changes of a drive, whose connection is cut after they took effect. */
  cutTimes: number;
  /** PowerState as shown in the readings after the next reset, before the truth. */
  readingsAfterReset: string[];
  /** Resets that are accepted and do nothing. */
  deafTimes: number;
  /** PATCHes that get 412 whatever their If-Match. */
  preconditionTimes: number;
  hasSessions: boolean;
  isSessionLimitReached: boolean;
  hasTasks: boolean;
  mediaDialect: 'action' | 'patch';
  mediaHome: 'system' | 'manager';
  /** InsertMedia is refused without this parameter. */
  demandedParameter: string | null;
  /** InsertMedia is refused with this parameter. */
  unknownParameter: string | null;
  isForgetfulAboutBoot: boolean;
  /** Hands out weak ETags and takes only strong ones. */
  isEtagStrict: boolean;
  /** Lists the resets in an ActionInfo instead of beside the action. */
  hasActionInfo: boolean;
  systemsCount: number;
  resetTypes: readonly string[];
  /** Answers a path with something that no BMC should. */
  override: (path: string) => Reply | undefined;
  /** Changes an answer on its way out. */
  distort: (path: string, reply: Reply) => Reply;
};

export type FakeMachine = {
  power: 'On' | 'Off';
  /** Readings that are still to be shown instead of the truth. */
  shown: string[];
  boot: JsonObject;
  isSecureBootOn: boolean;
  /** Null: it has no light. */
  led: string | null;
  image: string | null;
  version: number;
  resets: string[];
};

export type SeenRequest = {
  readonly method: string;
  readonly path: string;
  readonly body: JsonObject;
  readonly authorization: string | undefined;
  readonly token: string | undefined;
  readonly ifMatch: string | undefined;
};

export type FakeBmc = {
  readonly origin: string;
  readonly certificatePem: string;
  readonly pin: string;
  readonly accounts: Map<string, string>;
  readonly sessions: Set<string>;
  readonly machine: FakeMachine;
  readonly habits: Habits;
  readonly requests: SeenRequest[];
  readonly tasks: Map<string, number>;
  /** Logins with a wrong name or password. */
  refusedLogins: number;
  /** The most requests that were under way at once. */
  concurrentMax: number;
  readonly close: () => Promise<void>;
};

export const USERNAME = 'admin';
export const PASSWORD = 'correct-horse-4711';

export const freshMachine = (): FakeMachine => ({
  power: 'Off',
  shown: [],
  boot: {
    BootSourceOverrideEnabled: 'Disabled',
    BootSourceOverrideTarget: 'None',
    BootSourceOverrideMode: 'UEFI',
    'BootSourceOverrideTarget@Redfish.AllowableValues': ['None', 'Pxe', 'Cd', 'Hdd', 'BiosSetup'],
  },
  isSecureBootOn: false,
  led: null,
  image: null,
  version: 1,
  resets: [],
});

export const goodHabits = (): Habits => ({
  silentTimes: 0,
  busyTimes: 0,
  cutTimes: 0,
  readingsAfterReset: [],
  deafTimes: 0,
  preconditionTimes: 0,
  hasSessions: true,
  isSessionLimitReached: false,
  hasTasks: false,
  mediaDialect: 'action',
  mediaHome: 'manager',
  demandedParameter: null,
  unknownParameter: null,
  isForgetfulAboutBoot: false,
  isEtagStrict: false,
  hasActionInfo: false,
  systemsCount: 1,
  resetTypes: ['On', 'ForceOff', 'GracefulShutdown', 'Nmi'],
  override: () => undefined,
  distort: (_path, reply) => reply,
});

type Counter = {
  [key in keyof Habits]: Habits[key] extends number ? key : never;
}[keyof Habits];

export const take = (habits: Habits, counter: Exclude<Counter, 'systemsCount'>): boolean => {
  if (habits[counter] === 0) return false;
  habits[counter] -= 1;
  return true;
};

export const extended = (
  status: number,
  id: string,
  message: string,
  args: string[] = [],
): Reply => ({
  status,
  body: {
    error: {
      code: 'Base.1.12.GeneralError',
      message: 'See ExtendedInfo.',
      '@Message.ExtendedInfo': [{ MessageId: id, Message: message, MessageArgs: args }],
    },
  },
});
