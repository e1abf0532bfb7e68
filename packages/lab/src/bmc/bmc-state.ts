// All that one BMC remembers. Resources read and change it; nothing else keeps state.

import type { JsonObject } from '@bessemer/protocol/json';
import type { Clock } from '../clock.ts';
import type { FaultSet } from './faults.ts';
import type { Account, AccountFacts } from './manager-account.ts';
import type { Machine } from './power-model.ts';

export type Session = {
  readonly id: string;
  readonly token: string;
  readonly account: Account;
  lastUsedMs: number;
};

export type BmcTask = {
  readonly id: string;
  readonly name: string;
  state: 'Running' | 'Completed' | 'Exception';
  /** What the action would have answered had it not been a task. */
  outcome: { readonly status: number; readonly text: string } | null;
};

export type MediaSlot = {
  imageUrl: string | null;
  localPath: string | null;
  transfer: 'idle' | 'busy';
};

/** What happened, for tests that ask how a client behaves. */
export type BmcCounters = {
  requests: number;
  logins: number;
  wrongPasswords: number;
  resets: number;
  mediaBytes: number;
};

/** IPMI of the same BMC. */
export type IpmiSwitch = {
  readonly isOn: () => boolean;
  readonly switch: (isOn: boolean) => void;
};

export type BmcState = {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly faults: FaultSet;
  readonly counters: BmcCounters;
  /** Where fetched images are kept; only the owner may enter it. */
  readonly mediaDirectory: string;
  /** PEM of the authority that image servers must be signed by; null: not verified, as most BMCs do it. */
  readonly mediaCa: string | null;
  readonly managerUuid: string;
  readonly accounts: Account[];
  /** Those of the beginning. */
  readonly firstAccounts: readonly AccountFacts[];
  readonly sessions: Map<string, Session>;
  readonly tasks: Map<string, BmcTask>;
  readonly media: MediaSlot;
  /** PowerState as last shown, and how often it is still to be shown after a change. */
  readonly stalePower: { shown: boolean; readsLeft: number };
  /** Null: the BMC has no IPMI. */
  readonly ipmi: IpmiSwitch | null;
  /** Called after accounts changed: a BMC keeps them over restarts. */
  readonly saveAccounts: (accounts: readonly Account[]) => void;
};

export type Answer = {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: JsonObject;
};

export type Call = {
  readonly body: JsonObject;
  readonly session: Session | null;
  readonly account: Account | null;
};

/** One addressable thing. Methods that are absent get 405. */
export type Resource = {
  readonly get?: () => JsonObject;
  readonly patch?: (call: Call) => Answer | Promise<Answer>;
  readonly post?: (call: Call) => Answer | Promise<Answer>;
  readonly remove?: (call: Call) => Answer | Promise<Answer>;
  /** Methods that need no credentials: the service root, and making a session. */
  readonly open?: readonly ('GET' | 'POST')[];
};

export type ResourceFinder = (path: string) => Resource | undefined;

export const NO_CONTENT: Answer = { status: 204 };
