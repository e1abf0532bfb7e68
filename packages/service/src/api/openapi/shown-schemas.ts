// Schemas of what is only shown: drivers, conductors, settings and firmware, history, lights, drives, discovery.

import { FEATURES, type Feature } from '@bessemer/protocol/microversion/features';
import { INTERFACE_KINDS } from '@bessemer/protocol/node/record';

import {
  closed,
  flag,
  list,
  map,
  nullable,
  oneOf,
  open,
  ref,
  type Schema,
  text,
  time,
  uuid,
  whole,
} from './schema.ts';

const since = (feature: Feature, schema: Schema): Schema => ({
  ...schema,
  'x-since': `1.${FEATURES[feature].since}`,
});

const INTERFACES = Object.fromEntries(
  INTERFACE_KINDS.flatMap((kind) => [
    [`default_${kind}_interface`, nullable(text())],
    [`enabled_${kind}_interfaces`, list(text())],
  ]),
);

const DRIVER = open({
  name: text(),
  hosts: list(text()),
  links: ref('Links'),
  properties: since('state-links', ref('Links')),
  type: since('dynamic-drivers', oneOf('dynamic')),
  ...INTERFACES,
});

const CONDUCTOR = open({
  hostname: text(),
  conductor_group: text(),
  alive: flag,
  drivers: list(text()),
  created_at: time,
  updated_at: nullable(time),
  links: ref('Links'),
});

const BIOS_SETTING = open({
  name: text(),
  value: nullable(text()),
  created_at: time,
  updated_at: nullable(time),
  links: ref('Links'),
  attribute_type: since('bios-registry', nullable(text())),
  allowable_values: since('bios-registry', nullable(list({}))),
  lower_bound: since('bios-registry', nullable({ type: 'number' })),
  upper_bound: since('bios-registry', nullable({ type: 'number' })),
  min_length: since('bios-registry', nullable(whole())),
  max_length: since('bios-registry', nullable(whole())),
  read_only: since('bios-registry', nullable(flag)),
  reset_required: since('bios-registry', nullable(flag)),
  unique: since('bios-registry', nullable(flag)),
});

const FIRMWARE = open({
  component: text(),
  initial_version: nullable(text()),
  current_version: nullable(text()),
  last_version_flashed: nullable(text()),
  created_at: time,
  updated_at: nullable(time),
  vendor: since('firmware-identity', nullable(text())),
  model: since('firmware-identity', nullable(text())),
  serial_number: since('firmware-identity', nullable(text())),
});

const HISTORY_ENTRY = open({
  uuid,
  created_at: time,
  severity: oneOf('ERROR', 'INFO'),
  event: text(),
  links: ref('Links'),
  event_type: text(),
  conductor: nullable(text()),
  user: nullable(text()),
  project: since('history-project', nullable(text())),
  state: since('history-state', nullable(text())),
  target_provision_state: since('history-state', nullable(text())),
  duration_seconds: since('history-state', nullable({ type: 'number' })),
});

const INDICATOR = open({
  name: text({ description: 'NAME@COMPONENT' }),
  component: text(),
  readonly: flag,
  states: list(text()),
  links: ref('Links'),
});

const VENDOR_METHOD = open({
  http_methods: list(text()),
  async: flag,
  description: text(),
  attach: flag,
  require_exclusive_lock: flag,
});

const VERSION = open({
  id: text(),
  links: ref('Links'),
  status: text(),
  min_version: text(),
  version: text(),
});

const WHY = open({
  node: uuid,
  name: nullable(text()),
  provisionState: text(),
  targetProvisionState: nullable(text()),
  isBusy: flag,
  workflow: nullable(text()),
  step: nullable(text()),
  waitsFor: nullable(text()),
  since: nullable(text()),
  until: nullable(text()),
  on: nullable(text()),
  remedy: nullable(text({ description: 'What a person can do.' })),
  failure: nullable(closed({ code: text(), text: text() })),
});

const JOURNAL_ENTRY = open({
  seq: whole(),
  at: time,
  workflow: text(),
  kind: text(),
  stepIndex: { type: 'integer' },
  step: text(),
  interface: text(),
  event: text(),
  detail: map,
});

const AUDIT_ENTRY = open({
  seq: whole(),
  at: time,
  event: text(),
  severity: text(),
  node: nullable(text()),
  session: nullable({ type: ['string', 'integer'] }),
  boot: nullable(whole()),
  source: nullable(text()),
  agent_version: nullable(text()),
  request: nullable(text()),
  outcome: text(),
  detail: map,
  hash: text(),
});

const ERASURE = open({
  disk: text(),
  serial: nullable(text()),
  sizeBytes: nullable(whole()),
  method: text(),
  detail: map,
  summary: nullable(text()),
  workflow: nullable(text()),
  at: time,
});

export const SHOWN_SCHEMAS: { readonly [name: string]: Schema } = {
  AuditEntry: AUDIT_ENTRY,
  BiosSetting: BIOS_SETTING,
  Conductor: CONDUCTOR,
  Driver: DRIVER,
  Erasure: ERASURE,
  FirmwareComponent: FIRMWARE,
  HistoryEntry: HISTORY_ENTRY,
  Indicator: INDICATOR,
  JournalEntry: JOURNAL_ENTRY,
  VendorMethod: VENDOR_METHOD,
  Version: VERSION,
  VirtualDrive: open({ image: nullable(text()), inserted: flag, media_types: list(text()) }),
  Why: WHY,
};
