// The reference of discovery, and of what is there beside the API of the reference service.

import type { Operations } from '../operation.ts';
import { closed, flag, list, nullable, oneOf, open, ref, text, time, uuid } from '../schema.ts';

const RESOURCES = [
  'chassis',
  'nodes',
  'ports',
  'drivers',
  'portgroups',
  'volume',
  'lookup',
  'heartbeat',
  'conductors',
  'allocations',
  'events',
  'deploy_templates',
  'shards',
  'continue_inspection',
  'runbooks',
  'inspection_rules',
] as const;

const ROOT = open({
  name: text(),
  description: text(),
  default_version: ref('Version'),
  versions: list(ref('Version')),
});
const V1 = open({
  id: text(),
  links: ref('Links'),
  media_types: open({ base: text(), type: text() }),
  version: ref('Version'),
  ...Object.fromEntries(RESOURCES.map((name) => [name, ref('Links')])),
});

export const OWN_OPERATIONS: Operations = {
  'GET /': { summary: 'The versions of the API', answers: { 200: ROOT } },
  'GET /v1': { summary: 'The resources of the API', answers: { 200: V1 } },
  'GET /bessemer/nodes/:ident/why': {
    summary: 'Why a node is where it is: what it waits for, since when, on whom, what to do',
    answers: { 200: ref('Why') },
  },
  'GET /bessemer/nodes/:ident/journal': {
    summary: 'What the workflows of a node did, line by line',
    query: ['after', 'limit'],
    answers: { 200: open({ entries: list(ref('JournalEntry')) }) },
  },
  'GET /bessemer/nodes/:ident/events': {
    summary: 'The same as it happens, as server-sent events',
    query: ['after'],
    answers: { 200: text() },
  },
  'GET /bessemer/nodes/:ident/erasures': {
    summary: 'What was done to each disk, and what reading it back showed',
    answers: { 200: open({ erasures: list(ref('Erasure')) }) },
  },
  'GET /bessemer/nodes/:ident/audit': {
    summary: 'Events about trust of one node',
    query: ['after', 'limit', 'event'],
    answers: { 200: open({ audit: list(ref('AuditEntry')) }) },
  },
  'GET /bessemer/audit': {
    summary: 'Events about trust',
    query: ['after', 'limit', 'event'],
    answers: { 200: open({ audit: list(ref('AuditEntry')) }) },
  },
  'POST /bessemer/nodes/:ident/bmc-export': {
    summary:
      'The login at the BMC of a node, sealed to a key of who asks; the node is frozen, then it is rotated',
    body: closed({ reason: text(), recipient: text(), approve: uuid }),
    answers: {
      200: open({ state: oneOf('given'), id: uuid, file: text(), frozen_until: time }),
      202: open({ state: oneOf('requested'), id: uuid, expires_at: time }),
    },
  },
  'POST /bessemer/nodes/:ident/bmc-opened': {
    summary: 'Tells that a break-glass file is opened, so that its password is rotated soon',
    body: closed({ reason: text(), write_id: text() }),
    answers: { 200: open({ is_current: flag, rotates_at: nullable(time) }) },
  },
  'GET /metrics': { summary: 'Metrics in the text format of Prometheus', answers: { 200: text() } },
};
