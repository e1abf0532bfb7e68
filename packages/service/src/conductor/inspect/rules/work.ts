// What rules work on: copies, so that a rule that fails has changed nothing.

import type { JsonObject, JsonValue } from '@bessemer/protocol/json';

/** The keys are those of the API. */
export type Attributes = JsonObject;

export type WorkPort = {
  readonly uuid: string;
  /** MAC, lower case. */
  readonly address: string;
  attributes: Attributes;
};

export type ApiCall = {
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly timeoutMs: number;
  readonly retryCountMax: number;
};

export type Work = {
  /** What rules may read of the node and never change. */
  readonly facts: JsonObject;
  attributes: Attributes;
  /** Whether the node has credentials for its BMC. */
  readonly hasSecrets: boolean;
  readonly ports: readonly WorkPort[];
  readonly traits: Set<string>;
  pluginData: JsonObject;
  readonly calls: ApiCall[];
  /** What was done, for people; without values of sensitive rules. */
  readonly notes: RuleNote[];
};

export type RuleNote = {
  readonly rule: string;
  readonly op: string;
  /** What it was done to. */
  readonly on: string;
  readonly level?: string;
  readonly text?: JsonValue;
};
