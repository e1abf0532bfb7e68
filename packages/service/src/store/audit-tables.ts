// The tables of the audit log.

/** Append only, each row's hash covers the one before; see observe/audit. */
export type AuditTable = {
  seq: number;
  at_ms: number;
  event: string;
  severity: string;
  node_uuid: string | null;
  session_id: string | null;
  boot_no: number | null;
  source: string | null;
  agent_version: string | null;
  request_id: string | null;
  outcome: string;
  /** JSON object, never a secret. */
  detail: string;
  /** Hex. */
  hash: string;
};

/** One row (id 1): the end of the audit chain, sealed so that cutting it shows. */
export type AuditHeadTable = { id: number; seq: number; hash: string; seal: string };

/** One row a receiver. Who has it until `until_ms` ships; nobody else. */
export type AuditShipmentTable = {
  destination: string;
  shipped_seq: number;
  owner: string;
  until_ms: number;
  failing_since_ms: number | null;
  failure: string | null;
};
