// /v1/nodes/{node}/vifs: which of the tenant's network interfaces go to which card of the machine.

import { isoTime } from '#clock';
import type { Queryable } from '#store/database';
import { listVifHolders, putVif, type VifHolder } from '#store/vifs';

import { Refusal } from '@bessemer/protocol/errors/refusal';
import type { JsonValue } from '@bessemer/protocol/json';
import type { NodeRecord } from '@bessemer/protocol/node/record';
import { attachedVif } from '@bessemer/protocol/port/attached-vif';
import { isUuid } from '@bessemer/protocol/uuid';

import type { ApiParts } from '../api-parts.ts';
import { asText, asUuid, requireFeature, requireObjectBody, shown } from '../query.ts';
import { withNodeHeld } from '../resource/owned-resource.ts';
import { isLogicalName } from '../resource/resource-input.ts';
import type { Route } from '../route.ts';
import { requireConductor } from './create-node.ts';
import { nodeMissing, requireNode } from './find-node.ts';
import { freeVifHolder, type VifWish } from './free-vif-holder.ts';

export const vifRoutes = (parts: ApiParts): readonly Route[] => [
  {
    method: 'GET',
    path: '/v1/nodes/:ident/vifs',
    rule: 'baremetal:node:vif:list',
    asked: 'with-object',
    since: 'vifs',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const holders = await listVifHolders(parts.store.db, node.uuid);
      const vifs = holders.flatMap(({ record }) => {
        const id = attachedVif(record);
        return id === undefined ? [] : [{ id }];
      });
      return reply.header('content-type', 'application/json').send(JSON.stringify({ vifs }));
    },
  },
  {
    method: 'POST',
    path: '/v1/nodes/:ident/vifs',
    rule: 'baremetal:node:vif:attach',
    asked: 'with-object',
    since: 'vifs',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const { id, port_uuid: port, portgroup_uuid: portgroup } = requireObjectBody(request);
      const vif = requireVif(id);
      const wish = {
        portUuid: asUuid('port_uuid', asText('port_uuid', port)),
        portgroupUuid: asUuid('portgroup_uuid', asText('portgroup_uuid', portgroup)),
      };
      if (port !== undefined || portgroup !== undefined) requireFeature(request, 'vif-port-uuid');
      if (wish.portUuid !== undefined && wish.portgroupUuid !== undefined) {
        throw new Refusal(400, 'Cannot specify both port_uuid and portgroup_uuid');
      }
      await withHolders(parts, node, (queryable, holders) =>
        attach(queryable, holders, { vif, wish, updatedAt: isoTime(parts.clock.wallMs()) }),
      );
      return reply.code(204).send();
    },
  },
  {
    method: 'DELETE',
    path: '/v1/nodes/:ident/vifs/:vif',
    rule: 'baremetal:node:vif:detach',
    asked: 'with-object',
    since: 'vifs',
    handle: async (request, reply) => {
      const node = await requireNode(parts, request);
      const vif = requireVif((request.params as { readonly vif: string }).vif);
      await withHolders(parts, node, async (queryable, holders) => {
        const holder = holders.find(({ record }) => attachedVif(record) === vif);
        if (holder === undefined) {
          throw new Refusal(
            400,
            `Unable to detach VIF ${vif} from node ${node.uuid} because it is not attached to it.`,
          );
        }
        await putVif(queryable, holder, undefined, isoTime(parts.clock.wallMs()));
      });
      return reply.code(204).send();
    },
  },
];

const requireVif = (id: JsonValue | undefined): string => {
  if (typeof id === 'string' && (isUuid(id) || isLogicalName(id))) return id;
  if (id === undefined) throw new Refusal(400, "Schema error for vif: 'id' is a required property");
  throw new Refusal(400, `Expected UUID or name for id: ${shown(id)}`);
};

const withHolders = async (
  parts: ApiParts,
  node: NodeRecord,
  work: (queryable: Queryable, holders: readonly VifHolder[]) => Promise<void>,
): Promise<void> => {
  await requireConductor(parts, node.driver, node.conductorGroup);
  const missing = (): Error => nodeMissing(node.uuid);
  await withNodeHeld(parts, node.uuid, missing, async (transaction) =>
    work(transaction, await listVifHolders(transaction, node.uuid)),
  );
};

const attach = async (
  queryable: Queryable,
  holders: readonly VifHolder[],
  wanted: { readonly vif: string; readonly wish: VifWish; readonly updatedAt: string },
): Promise<void> => {
  const { vif, wish, updatedAt } = wanted;
  const other = holders.find(({ record }) => attachedVif(record) === vif);
  if (other !== undefined) {
    throw new Refusal(
      409,
      `Unable to attach VIF because VIF ${vif} is already attached to ${other.kind} ${other.record.uuid}`,
    );
  }
  const holder = freeVifHolder(holders, wish);
  if (holder === undefined) {
    throw new Refusal(400, `Unable to attach VIF ${vif}, not enough free physical ports.`);
  }
  await putVif(queryable, holder, vif, updatedAt);
};
