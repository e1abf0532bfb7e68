// A service in which every kind of object stands once, owned by project OWN and leased to LES, and callers who name
// themselves in a header.

import type { Authenticate } from '#api/authenticate';
import { makeCredentials } from '#policy/credentials';
import type { PolicyOptions } from '#policy/policy-options';
import { saveInventory } from '#store/inventories';
import { updateNode } from '#store/nodes';

import { asNodeUuid, type NodeUuid } from '@bessemer/protocol/uuid';

import type { Ask, Props, RbacCase } from './rbac-cases.ts';
import { type Answer, type Api, openApi } from './with-api.ts';

export type Persona = {
  readonly roles: readonly string[];
  readonly system_scope?: 'all';
  readonly project_id?: string;
  readonly project_name?: string;
  readonly project_domain_id?: string;
};

export type RbacStage = {
  readonly props: Props;
  /** With what the case uses up made anew. */
  readonly propsFor: (rbacCase: RbacCase) => Promise<Props>;
  readonly as: (persona: string, ask: Ask) => Promise<Answer>;
  readonly close: () => Promise<void>;
};

const BUILDER = 'the builder of the stage';
const HEADER = 'x-persona';

export const openRbacStage = async (
  personas: { readonly [name: string]: Persona },
  policy: Partial<PolicyOptions>,
): Promise<RbacStage> => {
  const known: { readonly [name: string]: Persona } = {
    ...personas,
    [BUILDER]: { roles: ['admin'], system_scope: 'all' },
  };
  const authenticate: Authenticate = (headers) => {
    const name = String(headers[HEADER]);
    const persona = known[name];
    if (persona === undefined) return { outcome: 'refused', status: 401, headers: {}, body: '{}' };
    return { outcome: 'accepted', user: name, credentials: makeCredentials(persona) };
  };
  const api = await openApi({ authenticate, policy });
  const as: RbacStage['as'] = (persona, { method, url, body }) =>
    api.ask(method, url, {
      headers: { [HEADER]: persona },
      ...(body === undefined ? {} : { body }),
    });
  const post = poster((ask) => as(BUILDER, ask));
  const props = await build(api, post);
  return {
    props,
    propsFor: async ({ uses }) =>
      uses === undefined ? props : { ...props, [uses]: await postOwned(post, uses) },
    as,
    close: api.close,
  };
};

/** Throws when it was not taken. */
const poster =
  (ask: (ask: Ask) => Promise<Answer>): Post =>
  async (url, body) => {
    const { status, text, body: answered } = await ask({ method: 'POST', url, body });
    if (status !== 201) throw new Error(`POST ${url}: ${status} ${text}`);
    return (answered as { readonly uuid: string }).uuid;
  };

const build = async (api: Api, post: Post): Promise<Props> => {
  const chassis = await post('/v1/chassis', {});
  const node = await post('/v1/nodes', {
    driver: 'fake-hardware',
    name: 'own',
    owner: 'OWN',
    lessee: 'LES',
    chassis_uuid: chassis,
    driver_info: { redfish_address: 'https://bmc', redfish_password: 'CANARY' },
    instance_info: { image_pull_secret: 'CANARY' },
  });
  const freeNode = await post('/v1/nodes', {
    driver: 'fake-hardware',
    owner: 'OWN',
    lessee: 'LES',
  });
  await post('/v1/nodes', { driver: 'fake-hardware', name: 'foreign', owner: 'FAR' });
  const portAddress = '52:54:00:00:00:01';
  const port = await post('/v1/ports', { node_uuid: node, address: portAddress });
  const portgroup = await post('/v1/portgroups', { node_uuid: node });
  await post('/v1/ports', {
    node_uuid: node,
    address: '52:54:00:00:00:02',
    portgroup_uuid: portgroup,
  });
  const connector = await post('/v1/volume/connectors', {
    node_uuid: node,
    type: 'iqn',
    connector_id: 'taken',
  });
  const target = await post('/v1/volume/targets', {
    node_uuid: node,
    volume_type: 'iscsi',
    volume_id: 'v1',
    boot_index: 0,
    properties: { auth_password: 'CANARY', auth_username: 'shown' },
  });
  const owned = {} as { [kind in OwnedKind]: string };
  for (const kind of OWNED_KINDS) owned[kind] = await postOwned(post, kind);
  await updateNode(api.parts.store.db, asNodeUuid(node) as NodeUuid, {
    provisionState: 'manageable',
    lastError: 'an error',
    reservation: 'another-conductor',
  });
  const kept = { inventory: {}, pluginData: {} };
  await saveInventory(api.parts.store.db, asNodeUuid(node) as NodeUuid, kept, 0);
  await updateNode(api.parts.store.db, asNodeUuid(freeNode) as NodeUuid, {
    provisionState: 'manageable',
  });
  return {
    node,
    freeNode,
    port,
    portAddress,
    portgroup,
    chassis,
    connector,
    target,
    ...owned,
  };
};

type OwnedKind = NonNullable<RbacCase['uses']>;
type Post = (url: string, body: object) => Promise<string>;

let made = 0;

const OWNED: { readonly [kind in OwnedKind]: (name: string) => readonly [string, object] } = {
  allocation: () => ['/v1/allocations', { resource_class: 'x', owner: 'OWN' }],
  template: (name) => [
    '/v1/deploy_templates',
    { name, steps: [{ interface: 'deploy', step: 'x', args: {}, priority: 1 }] },
  ],
  runbook: (name) => [
    '/v1/runbooks',
    { name, owner: 'OWN', steps: [{ interface: 'deploy', step: 'x', args: {}, order: 1 }] },
  ],
  inspectionRule: () => ['/v1/inspection_rules', { actions: [{ op: 'log', args: { msg: 'x' } }] }],
};

const OWNED_KINDS = Object.keys(OWNED) as readonly OwnedKind[];

const postOwned = (post: Post, kind: OwnedKind): Promise<string> => {
  made += 1;
  return post(...OWNED[kind](`CUSTOM_RBAC_${made}`));
};
