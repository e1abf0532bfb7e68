// Lookup: an agent that knows only its MACs asks who it is. With a token in its medium it gets the mask, at every
// microversion. The first-lookup grant (a token handed out once inside a window) has its place here and is not
// built yet: without a sealed session there is no answer.

import { TOKEN_MASK } from '@bessemer/protocol/agent/token';
import type { JsonObject } from '@bessemer/protocol/json';
import { maskInstanceInfo, maskSecrets } from '@bessemer/protocol/node/mask';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { stateRow } from '@bessemer/protocol/node/states';

import { countMaskedLookup, findOpenSession } from '#store/agent-sessions';
import { findNode } from '#store/nodes';
import { listPortsByAddress } from '#store/ports';

import type { LookupAnswer, LookupRequest } from '../conductor.ts';
import type { ConductorParts } from '../conductor-parts.ts';

/** The one node that the MACs lead to; a node named by UUID must have one of the MACs too, when MACs are sent. */
const nodeOf = async (
  parts: ConductorParts,
  request: Pick<LookupRequest, 'addresses' | 'nodeUuid'>,
): Promise<NodeRecord | undefined> => {
  const ports = await listPortsByAddress(parts.store.db, request.addresses);
  const uuids = new Set(ports.map((port) => port.nodeUuid));
  if (uuids.size > 1) return undefined;
  const [byAddress] = uuids;
  const { nodeUuid } = request;
  if (nodeUuid !== undefined && byAddress !== undefined && byAddress !== nodeUuid) return undefined;
  const wanted = nodeUuid ?? byAddress;
  return wanted === undefined ? undefined : findNode(parts.store.db, wanted);
};

export const lookupConfig = (parts: ConductorParts, node: NodeRecord): JsonObject => ({
  metrics: {
    backend: 'noop',
    prepend_host: false,
    prepend_uuid: false,
    prepend_host_reverse: true,
    global_prefix: null,
  },
  metrics_statsd: { statsd_host: 'localhost', statsd_port: 8_125 },
  heartbeat_timeout: Math.round(parts.options.heartbeatTimeoutMs / 1_000),
  agent_token: TOKEN_MASK,
  agent_token_required: true,
  agent_md5_checksum_enable: parts.options.isMd5Allowed,
  disable_deep_image_inspection: false,
  permitted_image_formats: ['raw', 'gpt', 'qcow2', 'iso'],
  enable_bios_bootloader_install: false,
  agent_skip_bmc_detect: node.interfaces.management === 'redfish',
  agent_containers: {
    allow_arbitrary_containers: false,
    allowed_containers: [],
    container_steps_file: '',
    runner: 'podman',
    pull_options: '',
    run_options: '',
  },
  tls_min_version: '1.2',
  tls_cipher_suites: null,
});

export const lookup = async (
  parts: ConductorParts,
  request: LookupRequest,
): Promise<LookupAnswer | undefined> => {
  const node = await nodeOf(parts, request);
  if (node === undefined || !stateRow(node.provisionState).isLookupAllowed) return undefined;
  const session = await findOpenSession(parts.store.db, node.uuid);
  if (session === undefined || session.route !== 'vmedia') return undefined;
  if (session.state !== 'SEALED' && session.state !== 'BOUND') return undefined;
  await countMaskedLookup(parts.store.db, session.id);
  return {
    node: {
      uuid: node.uuid,
      properties: node.properties,
      instance_info: maskInstanceInfo(node.instanceInfo),
      driver_internal_info: maskSecrets(node.driverInternalInfo),
    },
    config: lookupConfig(parts, node),
  };
};
