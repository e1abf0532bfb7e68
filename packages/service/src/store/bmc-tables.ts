// The tables about credentials of BMCs; see schema.ts for how tables are written.

import type { Generated } from 'kysely';

/** The accounts that the service keeps at the BMC of one node; it outlives the node. See bmc-credentials.ts. */
export type BmcCredentialTable = {
  node_uuid: string;
  state: string;
  /** dual or single. */
  strategy: string;
  /** JSON of one account each. */
  slot_a: string;
  slot_b: string;
  /** a or b; null: nothing is in use yet. */
  active_slot: string | null;
  /** JSON {username, ref} or null: the account that a person gave. */
  given: string | null;
  /** JSON array of names or null. */
  known_accounts: string | null;
  /** Password profile that the BMC took last. */
  profile: string | null;
  /** Vendor and model of the machine, as its BMC tells them. */
  model: string | null;
  /** JSON: what was learned of the BMC. */
  limits: string;
  /** JSON array: places in the secret store that are to be destroyed some time after they went out of use. */
  superseded: string;
  /** JSON array: logins that were refused, or of which nothing is known. */
  tries: string;
  /** No login before this time. */
  held_until_ms: number | null;
  /** 0/1: nobody but a rotation logs in until a login was proved. */
  paused: number;
  /** JSON {reason, atMs} or null. */
  frozen: string | null;
  next_due_ms: number | null;
  /** JSON or null. */
  last_result: string | null;
  revision: number;
};

/** The work on such an account: `phase` is written before anything is done. At most one open a node. */
export type BmcRotationTable = {
  id: string;
  node_uuid: string;
  fence: number;
  trigger: string;
  /** JSON {user, project}. */
  requester: string;
  strategy: string;
  phase: string;
  /** a or b: the account that is changed. */
  slot: string | null;
  /** oob or inband. */
  path: string | null;
  /** Names the write of what the account gets, at the place of its slot. */
  candidate: string | null;
  /** JSON: what the phases hand on to each other. Never a secret. */
  work: string;
  started_ms: number;
  updated_ms: number;
  ended_ms: number | null;
  outcome: string | null;
  /** JSON failure or null. */
  error: string | null;
};

/** Append only: each phase of each rotation. */
export type BmcRotationLogTable = {
  id: Generated<number>;
  rotation_id: string;
  node_uuid: string;
  at_ms: number;
  fence: number;
  phase: string;
  /** JSON, never a secret. */
  detail: string;
};

/** A node that the service made by itself. It may outlive the node. */
export type DiscoveryTable = {
  node_uuid: string;
  network: string;
  source: string;
  found_ms: number;
};

/** A person's request for the password of a BMC, sealed to a key of theirs. It outlives the node. */
export type BmcExportTable = {
  id: string;
  node_uuid: string;
  reason: string;
  /** Public key of age. */
  recipient: string;
  requester: string | null;
  requested_ms: number;
  approver: string | null;
  /** Null: not given yet. */
  given_ms: number | null;
};

/** Changed first by whoever adds to what is counted. See gates.ts. */
export type GateTable = {
  name: string;
  passed: number;
};
