// What a poller is given and what it tells: it knows no store, so that it can be run over any list of agents.

import type { Failure } from '@bessemer/protocol/errors/failure';
import type { NodeUuid } from '@bessemer/protocol/uuid';

import type { Secret } from '#trust/secret';

export type PollTarget = {
  readonly id: string;
  readonly nodeUuid: NodeUuid;
  readonly bootNumber: number;
  readonly callbackUrl: string;
  readonly pin: string;
  /** By the agent's own word at the first contact. */
  readonly startedAtMs: number | null;
  /** It is an agent of ours: one that restarts has lost its token, and needs not be asked since when it runs. */
  readonly isProven: boolean;
  readonly lastSeenMs: number;
  /** Opened as late as possible. */
  readonly openToken: () => Secret<string>;
};

export type PollPage = {
  readonly seenUntilMs: number;
  readonly after: PollTarget | undefined;
  readonly limit: number;
};

export type PollSource = {
  /** How many there are, due or not: what the load is spread by. */
  readonly count: () => Promise<number>;
  /** Last seen at `seenUntilMs` or before, longest ago first. */
  readonly list: (page: PollPage) => Promise<readonly PollTarget[]>;
};

export type PollSink = {
  /** Resolves when it is durable. */
  readonly seen: (target: PollTarget) => Promise<void>;
  readonly restarted: (target: PollTarget) => Promise<void>;
  /** `inARow` counts from 1. */
  readonly failed: (target: PollTarget, failure: Failure, inARow: number) => Promise<void>;
};
