// The listener of ramdisks for the fuzzer. Its calls are not in the OpenAPI document, which is of the public listener;
// what they may carry stands here.

import type { OpenApiDocument, OpenApiOperation } from '#api/openapi/document';
import { closed, list, map, oneOf, open, type Schema, text } from '#api/openapi/schema';
import { makeRamdiskListener } from '#api/ramdisk-listener';

import { openFuzzConductor } from './fuzz-conductor.ts';
import type { FuzzSubject } from './fuzz-run.ts';

const operation = (
  operationId: string,
  given: { readonly path?: string; readonly query?: readonly string[]; readonly body?: Schema },
): OpenApiOperation => ({
  operationId,
  parameters: [
    ...(given.path === undefined ? [] : [{ name: given.path, in: 'path', schema: text() }]),
    ...(given.query ?? []).map((name) => ({ name, in: 'query', schema: text() })),
  ],
  ...(given.body === undefined
    ? {}
    : {
        requestBody: {
          required: true,
          content: { 'application/json': { schema: given.body } },
        },
      }),
  responses: { 200: SOMETHING, 202: SOMETHING },
});

const SOMETHING = { content: { 'application/json': { schema: {} } } };

const HEARTBEAT = closed(
  {
    callback_url: text(),
    agent_token: text(),
    agent_version: text(),
    agent_verify_ca: text(),
    agent_status: oneOf('start', 'end', 'error'),
    agent_status_message: text(),
  },
  ['callback_url', 'agent_token'],
);

const INVENTORY = {
  ...open({
    interfaces: list({
      ...open({ mac_address: text(), name: text(), ipv4_address: text(), lldp: list(list({})) }),
      required: ['mac_address'],
    }),
    bmc_address: text(),
    bmc_v6address: text(),
    disks: list(open({ name: text(), size: { type: 'integer' }, serial: text() })),
    memory: open({ physical_mb: { type: 'integer' } }),
    cpu: open({ count: { type: 'integer' }, architecture: text() }),
    system_vendor: map,
    boot: open({ current_boot_mode: text(), pxe_interface: text() }),
  }),
  required: ['interfaces'],
};

const INSPECTION = {
  ...open({ inventory: INVENTORY, root_disk: map, logs: text() }),
  required: ['inventory'],
};

const DOCUMENT: OpenApiDocument = {
  openapi: '3.1.0',
  paths: {
    '/v1/lookup': {
      get: operation('GET /v1/lookup', { query: ['addresses', 'node_uuid'] }),
    },
    '/v1/heartbeat/{ident}': {
      post: operation('POST /v1/heartbeat/:ident', { path: 'ident', body: HEARTBEAT }),
    },
    '/v1/continue_inspection': {
      post: operation('POST /v1/continue_inspection', { query: ['node_uuid'], body: INSPECTION }),
    },
  },
  components: { schemas: {}, securitySchemes: {} },
};

/** What is refused there is noted in the audit log and in histories; nothing else may change. */
const UNTOUCHED = ['node', 'port', 'workflow', 'lease', 'inventory', 'allocation', 'boot_medium'];

export const openFuzzRamdisk = async (): Promise<
  FuzzSubject & { readonly close: () => Promise<void> }
> => {
  const behind = await openFuzzConductor();
  const { conductor, log, clock } = behind.parts;
  const app = makeRamdiskListener({
    conductor,
    log,
    clock,
    isDisabled: false,
    publicEndpoint: undefined,
    tls: undefined,
  });
  await app.ready();
  return {
    ...behind,
    app,
    tables: UNTOUCHED,
    document: DOCUMENT,
    close: async () => {
      await app.close();
      await behind.close();
    },
  };
};
