// The reference of what hangs below a node: management, traits, VIFs, settings, history, media, passthru.

import { METHODS } from '../../route.ts';
import type { Operation, Operations } from '../operation.ts';
import { LISTING, PAGING } from '../query-parameters.ts';
import {
  closed,
  flag,
  list,
  map,
  nullable,
  oneOf,
  open,
  page,
  ref,
  text,
  uuid,
} from '../schema.ts';
import { TRAIT_NAMES } from '../special-schemas.ts';

const TRAITS = closed({ traits: TRAIT_NAMES }, ['traits']);
export const VOLUME_LINKS = open({
  links: ref('Links'),
  connectors: ref('Links'),
  targets: ref('Links'),
});
const BOOT_DEVICES = [
  'pxe',
  'disk',
  'cdrom',
  'bios',
  'safe',
  'wanboot',
  'iscsiboot',
  'floppy',
  'uefihttp',
] as const;
const INDICATOR_STATE = oneOf('on', 'off', 'blinking', 'unknown');

const PASSTHRU: Operation = {
  summary: 'Call a method of the vendor interface',
  query: ['method'],
  body: map,
  isBodyOptional: true,
  answers: { 200: {}, 202: null, 204: null },
};

/** Any method may come with any HTTP method, in the path or in the query. */
export const passthruOperations = (path: string): Operations => ({
  [`GET ${path}/methods`]: {
    summary: 'The methods of the vendor interface',
    answers: { 200: { type: 'object', additionalProperties: ref('VendorMethod') } },
  },
  ...Object.fromEntries(
    METHODS.flatMap((method) => [
      [`${method} ${path}`, PASSTHRU],
      [`${method} ${path}/:method`, { ...PASSTHRU, query: [] }],
    ]),
  ),
});

export const NODE_PART_OPERATIONS: Operations = {
  'GET /v1/nodes/:ident/management/boot_device': {
    summary: 'What the node boots from',
    answers: { 200: open({ boot_device: nullable(text()), persistent: nullable(flag) }) },
  },
  'PUT /v1/nodes/:ident/management/boot_device': {
    summary: 'Set what the node boots from',
    arguments: { boot_device: oneOf(...BOOT_DEVICES), persistent: flag },
    answers: { 204: null },
  },
  'GET /v1/nodes/:ident/management/boot_device/supported': {
    summary: 'What the node can boot from',
    answers: { 200: open({ supported_boot_devices: list(text()) }) },
  },
  'PUT /v1/nodes/:ident/management/inject_nmi': {
    summary: 'Send a non-maskable interrupt',
    arguments: {},
    answers: { 204: null },
  },
  'GET /v1/nodes/:ident/management/indicators': {
    summary: 'The lights of a node',
    answers: { 200: open({ indicators: list(ref('Indicator')) }) },
  },
  'GET /v1/nodes/:ident/management/indicators/:place': {
    summary: 'The state of a light, NAME@COMPONENT',
    answers: { 200: closed({ state: INDICATOR_STATE }, ['state']) },
  },
  'PUT /v1/nodes/:ident/management/indicators/:place': {
    summary: 'Switch a light, NAME@COMPONENT',
    arguments: { state: INDICATOR_STATE },
    answers: { 204: null },
  },
  'GET /v1/nodes/:ident/traits': { summary: 'The traits of a node', answers: { 200: TRAITS } },
  'PUT /v1/nodes/:ident/traits': {
    summary: 'Replace the traits of a node',
    body: TRAITS,
    answers: { 204: null },
  },
  'DELETE /v1/nodes/:ident/traits': {
    summary: 'Remove all traits of a node',
    answers: { 204: null },
  },
  'PUT /v1/nodes/:ident/traits/:trait': {
    summary: 'Add a trait',
    arguments: {},
    answers: { 204: null },
  },
  'DELETE /v1/nodes/:ident/traits/:trait': { summary: 'Remove a trait', answers: { 204: null } },
  'GET /v1/nodes/:ident/vifs': {
    summary: 'The VIFs of a node',
    answers: { 200: open({ vifs: list(open({ id: text() })) }) },
  },
  'POST /v1/nodes/:ident/vifs': {
    summary: 'Attach a VIF',
    body: { ...open({ id: text(), port_uuid: uuid, portgroup_uuid: uuid }), required: ['id'] },
    answers: { 204: null },
  },
  'DELETE /v1/nodes/:ident/vifs/:vif': { summary: 'Detach a VIF', answers: { 204: null } },
  'GET /v1/nodes/:ident/bios': {
    summary: 'The BIOS settings of a node',
    query: ['detail', 'fields'],
    answers: { 200: open({ bios: list(ref('BiosSetting')) }) },
  },
  'GET /v1/nodes/:ident/bios/:setting': {
    summary: 'One BIOS setting',
    answers: { 200: { type: 'object', additionalProperties: ref('BiosSetting') } },
  },
  'GET /v1/nodes/:ident/firmware': {
    summary: 'The firmware of a node',
    query: ['fields'],
    answers: { 200: open({ firmware: list(ref('FirmwareComponent')) }) },
  },
  'GET /v1/nodes/:ident/history': {
    summary: 'What happened to a node',
    query: [...PAGING, 'detail'],
    answers: { 200: page('history', ref('HistoryEntry')) },
  },
  'GET /v1/nodes/:ident/history/detail': {
    summary: 'What happened to a node, with all keys',
    query: [...PAGING, 'detail'],
    answers: { 200: page('history', ref('HistoryEntry')) },
  },
  'GET /v1/nodes/:ident/history/:entry': {
    summary: 'One entry of its history',
    answers: { 200: ref('HistoryEntry') },
  },
  'GET /v1/nodes/:ident/inventory': {
    summary: 'What inspection found',
    answers: { 200: open({ inventory: map, plugin_data: nullable(map) }) },
  },
  'GET /v1/nodes/:ident/vmedia': {
    summary: 'Attached virtual media',
    answers: { 200: list(ref('VirtualDrive')) },
  },
  'POST /v1/nodes/:ident/vmedia': {
    summary: 'Attach virtual media',
    body: closed(
      {
        device_type: oneOf('disk', 'cdrom', 'floppy'),
        image_url: text(),
        image_download_source: oneOf('http', 'local'),
      },
      ['device_type', 'image_url'],
    ),
    answers: { 204: null },
  },
  'DELETE /v1/nodes/:ident/vmedia': {
    summary: 'Detach virtual media',
    query: ['device_types'],
    answers: { 204: null },
  },
  'GET /v1/nodes/:ident/allocation': {
    summary: 'The allocation of a node',
    query: ['fields'],
    answers: { 200: ref('Allocation') },
  },
  'DELETE /v1/nodes/:ident/allocation': {
    summary: 'Delete the allocation of a node',
    answers: { 204: null },
  },
  'GET /v1/nodes/:ident/ports': {
    summary: 'The ports of a node',
    query: LISTING,
    answers: { 200: page('ports', ref('Port')) },
  },
  'GET /v1/nodes/:ident/ports/detail': {
    summary: 'The ports of a node with all their keys',
    query: PAGING,
    answers: { 200: page('ports', ref('Port')) },
  },
  'GET /v1/nodes/:ident/portgroups': {
    summary: 'The port groups of a node',
    query: LISTING,
    answers: { 200: page('portgroups', ref('Portgroup')) },
  },
  'GET /v1/nodes/:ident/portgroups/detail': {
    summary: 'The port groups of a node with all their keys',
    query: PAGING,
    answers: { 200: page('portgroups', ref('Portgroup')) },
  },
  'GET /v1/nodes/:ident/volume': {
    summary: 'Links to the volumes of a node',
    answers: { 200: VOLUME_LINKS },
  },
  'GET /v1/nodes/:ident/volume/connectors': {
    summary: 'The volume connectors of a node',
    query: LISTING,
    answers: { 200: page('connectors', ref('VolumeConnector')) },
  },
  'GET /v1/nodes/:ident/volume/targets': {
    summary: 'The volume targets of a node',
    query: LISTING,
    answers: { 200: page('targets', ref('VolumeTarget')) },
  },
  ...passthruOperations('/v1/nodes/:ident/vendor_passthru'),
};
