// The tables, as Kysely sees them. One dialect: text UUIDs, ISO 8601 text for what people read, integer
// milliseconds for deadlines, JSON as text, booleans as 0/1. Rows are mapped to records by the file of each
// table (nodes.ts, ports.ts, ...); nothing outside `store/` sees a row.

import type { Generated } from 'kysely';

import type { AuditHeadTable, AuditShipmentTable, AuditTable } from './audit-tables.ts';
import type {
  BmcCredentialTable,
  BmcExportTable,
  BmcRotationLogTable,
  BmcRotationTable,
  DiscoveryTable,
  GateTable,
} from './bmc-tables.ts';

export type NodeTable = {
  id: Generated<number>;
  uuid: string;
  name: string | null;
  instance_uuid: string | null;
  instance_name: string | null;
  driver: string;
  /** JSON object: interface kind to implementation name. */
  interfaces: string;
  /** Masked where a secret was; those are in `driver_secrets_sealed`. */
  driver_info: string;
  driver_secrets_sealed: string | null;
  instance_info: string;
  properties: string;
  extra: string;
  driver_internal_info: string;
  network_data: string;
  /** Two more free-form maps with secrets masked, kept at write time so that lists need no second look. */
  instance_info_masked: string;
  driver_internal_info_masked: string;
  provision_state: string;
  target_provision_state: string | null;
  provision_updated_at: string | null;
  power_state: string | null;
  target_power_state: string | null;
  last_error: string | null;
  maintenance: number;
  maintenance_reason: string | null;
  fault: string | null;
  reservation: string | null;
  clean_step: string;
  deploy_step: string;
  service_step: string;
  raid_config: string;
  target_raid_config: string;
  boot_mode: string | null;
  secure_boot: number | null;
  automated_clean: number | null;
  resource_class: string | null;
  conductor_group: string;
  conductor: string | null;
  chassis_uuid: string | null;
  parent_node: string | null;
  owner: string | null;
  lessee: string | null;
  shard: string | null;
  description: string | null;
  protected: number;
  protected_reason: string | null;
  retired: number;
  retired_reason: string | null;
  console_enabled: number;
  disable_power_off: number;
  health: string | null;
  inspection_started_at: string | null;
  inspection_finished_at: string | null;
  /** JSON array of names, sorted. */
  traits: Generated<string>;
  /** The allocation that `instance_uuid` comes from, if one does. */
  allocation_uuid: string | null;
  created_at: string;
  updated_at: string | null;
};

export type PortTable = {
  id: Generated<number>;
  uuid: string;
  node_uuid: string;
  name: string | null;
  address: string;
  pxe_enabled: number;
  local_link_connection: string;
  physical_network: string | null;
  portgroup_uuid: string | null;
  is_smartnic: number;
  description: string | null;
  vendor: string | null;
  category: string | null;
  available_for_dynamic_portgroup: Generated<number>;
  extra: string;
  internal_info: string;
  created_at: string;
  updated_at: string | null;
};

export type PortgroupTable = {
  id: Generated<number>;
  uuid: string;
  node_uuid: string;
  name: string | null;
  address: string | null;
  mode: string;
  properties: string;
  extra: string;
  internal_info: string;
  standalone_ports_supported: number;
  physical_network: string | null;
  category: string | null;
  dynamic_portgroup: number;
  created_at: string;
  updated_at: string | null;
};

export type ConductorTable = {
  hostname: string;
  conductor_group: string;
  /** JSON array of hardware type names. */
  drivers: string;
  online: number;
  heartbeat_ms: number;
  created_at: string;
  updated_at: string | null;
};

/** Who owns a node now. One row a node, made with it. `fence` only ever rises. */
export type LeaseTable = {
  node_uuid: string;
  owner: string | null;
  fence: number;
  until_ms: number;
};

/** At most one open workflow a node: a partial unique index on node_uuid where ended_ms is null. */
export type WorkflowTable = {
  id: string;
  node_uuid: string;
  /** verify, clean, deploy, inspect, tear-down, power, ... */
  kind: string;
  /** JSON array of planned steps; rewritten (with the fence) when the agent's steps become known. */
  plan: string;
  /** Index into the plan of the step to run next. */
  cursor: number;
  /** runnable, waiting or ended. */
  state: string;
  /** JSON: small facts that steps hand on to each other. Never a secret. */
  context: string;
  /** JSON description of what is waited for, or null. */
  wait: string | null;
  /** Wall milliseconds at which the wait fails, or null. */
  deadline_ms: number | null;
  /** Wall milliseconds at which to look again although nothing called, or null. */
  wake_ms: number | null;
  /** Set by a heartbeat or poll: something happened that the waiting step should look at. */
  woken: number;
  /** A person asked to stop. */
  abort_requested: number;
  /** succeeded, failed or aborted. */
  outcome: string | null;
  /** JSON failure {code, text, details} or null. */
  failure: string | null;
  started_ms: number;
  ended_ms: number | null;
};

/** Append only. The one truth behind history, `watch`, `why`, events and metrics. */
export type JournalTable = {
  seq: Generated<number>;
  workflow_id: string;
  node_uuid: string;
  at_ms: number;
  fence: number;
  /** Index into the plan. */
  step_index: number;
  step: string;
  interface: string;
  /** started, ended, waiting, woken, progress, failed, note. */
  event: string;
  /** JSON details, never a secret. */
  detail: string;
};

/** One boot of an agent on one node; see the concept page on agent trust. One non-closed row a node. */
export type AgentSessionTable = {
  id: string;
  node_uuid: string;
  boot_no: number;
  /** lookup, vmedia or poll. */
  route: string;
  cause: string;
  /** OPEN, SEALED, GIVEN, BOUND, SUSPECT, REVOKED, CLOSED. */
  state: string;
  window_opened_ms: number;
  window_closes_ms: number;
  /** Hex SHA-256 of the token, or null while none exists. */
  token_hash: string | null;
  /** JSON sealed blob; destroyed when the session ends. */
  token_sealed: string | null;
  /** JSON sealed blob of the agent's private key given by media; destroyed when the session ends. */
  key_sealed: string | null;
  /** PEM of the certificate that goes with it. */
  certificate: string | null;
  given_at_ms: number | null;
  given_to: string | null;
  masked_lookups: number;
  /** Hex SHA-256 of the agent's public key (SPKI). */
  pin: string | null;
  pin_source: string | null;
  trust_level: number;
  callback_url: string | null;
  address: string | null;
  agent_version: string | null;
  seq_high: number;
  pending_token_hash: string | null;
  pending_token_sealed: string | null;
  last_seen_ms: number | null;
  closed_at_ms: number | null;
  close_reason: string | null;
  /** vmedia or network: how the ramdisk gets to the machine. */
  transport: Generated<string>;
  /** 0/1: the agent signs its heartbeats, so that an unsigned one is not its own. */
  is_signing: Generated<number>;
  /** How many boots from the same medium we caused after the first. */
  media_boots: Generated<number>;
  bound_at_ms: number | null;
  /** When the agent says that it started; by its own clock. */
  agent_started_at_ms: number | null;
};

/** One bootable medium handed to a BMC: which base, which session, until when. The bytes are rendered on demand. */
export type BootMediumTable = {
  id: string;
  node_uuid: string;
  session_id: string;
  boot_no: number;
  /** Absolute path of the base ISO. */
  base_path: string;
  /** JSON sealed blob of the configuration archive. */
  overlay_sealed: string;
  /** Hex SHA-256 over base identity and overlay; the ETag. */
  etag: string;
  expires_ms: number;
  revoked_ms: number | null;
};

/** One boot over the network: what is served to one machine, until when. */
export type NetworkBootTable = {
  id: string;
  node_uuid: string;
  session_id: string;
  boot_no: number;
  /** JSON array of the MACs that may boot, lower case. */
  macs: string;
  /** JSON sealed blob of the manifest (script, configuration archive, paths of kernel and ramdisk); '' when revoked. */
  manifest_sealed: string;
  expires_ms: number;
  revoked_ms: number | null;
};

/** What people read under GET history. */
export type HistoryTable = {
  id: Generated<number>;
  uuid: string;
  node_uuid: string;
  conductor: string;
  severity: string;
  event: string;
  event_type: string;
  user: string | null;
  project: string | null;
  state: string | null;
  target_provision_state: string | null;
  duration_ms: number | null;
  created_at: string;
};

export type InventoryTable = {
  node_uuid: string;
  inventory: string;
  plugin_data: string;
  created_at: string;
};

/** What was done to each disk in a cleaning, for people: method, commands, read-back samples. Append only. */
export type ErasureTable = {
  id: Generated<number>;
  node_uuid: string;
  workflow_id: string;
  disk_name: string;
  disk_serial: string | null;
  disk_bytes: number;
  method: string;
  /** JSON: attempts, durations, samples. */
  detail: string;
  /** One sentence a person can read. */
  summary: string;
  created_at: string;
};

export type ChassisTable = {
  id: Generated<number>;
  uuid: string;
  description: string | null;
  extra: string;
  created_at: string;
  updated_at: string | null;
};

/** The machine as a storage network knows it. */
export type VolumeConnectorTable = {
  id: Generated<number>;
  uuid: string;
  node_uuid: string;
  type: string;
  connector_id: string;
  extra: string;
  created_at: string;
  updated_at: string | null;
};

/** A volume on such a network. */
export type VolumeTargetTable = {
  id: Generated<number>;
  uuid: string;
  node_uuid: string;
  volume_type: string;
  volume_id: string;
  boot_index: number;
  properties: string;
  extra: string;
  created_at: string;
  updated_at: string | null;
};

/** Steps that a deployment gets when the trait of the template's name is asked for. */
export type DeployTemplateTable = {
  id: Generated<number>;
  uuid: string;
  name: string;
  /** JSON array. */
  steps: string;
  extra: string;
  description: string | null;
  created_at: string;
  updated_at: string | null;
};

export type RunbookTable = {
  id: Generated<number>;
  uuid: string;
  name: string;
  /** JSON array. */
  steps: string;
  disable_ramdisk: number;
  extra: string;
  public: number;
  owner: string | null;
  description: string | null;
  /** JSON array of names, sorted. */
  traits: string;
  created_at: string;
  updated_at: string | null;
};

export type AllocationTable = {
  id: Generated<number>;
  uuid: string;
  name: string | null;
  node_uuid: string | null;
  /** allocating, active or error. */
  state: string;
  resource_class: string;
  /** JSON array of names. */
  traits: string;
  /** JSON array of UUIDs, in the order in which they are tried. */
  candidate_nodes: string;
  /** 0/1: a node that is called like the allocation is tried first. */
  is_name_preferred: number;
  extra: string;
  last_error: string | null;
  owner: string | null;
  created_at: string;
  updated_at: string | null;
};

export type InspectionRuleTable = {
  id: Generated<number>;
  uuid: string;
  description: string | null;
  priority: number;
  phase: string;
  sensitive: number;
  /** JSON array. */
  conditions: string;
  /** JSON array. */
  actions: string;
  created_at: string;
  updated_at: string | null;
};

export type BiosSettingTable = {
  node_uuid: string;
  name: string;
  value: string | null;
  /** JSON: what the setting may be. */
  registry: string;
  created_at: string;
  updated_at: string | null;
};

export type FirmwareComponentTable = {
  node_uuid: string;
  component: string;
  initial_version: string | null;
  current_version: string | null;
  last_version_flashed: string | null;
  vendor: string | null;
  model: string | null;
  serial_number: string | null;
  created_at: string;
  updated_at: string | null;
};

/** One version of a secret. It stays as an empty row while it is the newest: numbers are not given twice. */
export type SecretTable = {
  /** `NODE/SLOT/VERSION`. */
  id: string;
  node_uuid: string;
  slot: string;
  version: number;
  /** Chosen by the writer: the same one again is the same version. */
  write_id: string;
  /** Empty when destroyed. */
  sealed: string;
  created_ms: number;
};

/** Facts about this store itself (store id, restore epoch). */
export type SettingTable = { key: string; value: string };

export type Schema = {
  node: NodeTable;
  port: PortTable;
  portgroup: PortgroupTable;
  conductor: ConductorTable;
  lease: LeaseTable;
  workflow: WorkflowTable;
  journal: JournalTable;
  agent_session: AgentSessionTable;
  boot_medium: BootMediumTable;
  network_boot: NetworkBootTable;
  audit: AuditTable;
  audit_head: AuditHeadTable;
  audit_shipment: AuditShipmentTable;
  history: HistoryTable;
  inventory: InventoryTable;
  erasure: ErasureTable;
  chassis: ChassisTable;
  volume_connector: VolumeConnectorTable;
  volume_target: VolumeTargetTable;
  deploy_template: DeployTemplateTable;
  runbook: RunbookTable;
  inspection_rule: InspectionRuleTable;
  allocation: AllocationTable;
  bios_setting: BiosSettingTable;
  firmware_component: FirmwareComponentTable;
  secret: SecretTable;
  bmc_credential: BmcCredentialTable;
  bmc_rotation: BmcRotationTable;
  bmc_rotation_log: BmcRotationLogTable;
  bmc_export: BmcExportTable;
  discovery: DiscoveryTable;
  gate: GateTable;
  setting: SettingTable;
};
