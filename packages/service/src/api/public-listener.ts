// The listener for people and their tools. The ramdisk's calls are not here: they have a listener of their own, with
// its own certificate and limits, and are 404 on this one unless the operator wants them here too.

import type { FastifyInstance } from 'fastify';

import type { RuleName } from '#policy/rules';

import { allocationRoutes } from './allocations/allocation-routes.ts';
import type { ApiParts } from './api-parts.ts';
import type { Authenticate } from './authenticate.ts';
import { chassisRoutes } from './chassis/chassis-routes.ts';
import { conductorRoutes } from './conductors/conductor-routes.ts';
import { deployTemplateRoutes } from './deploy-templates/template-routes.ts';
import { rootRoute } from './discovery/root.ts';
import { v1Route } from './discovery/v1.ts';
import { driverPassthruRoutes } from './drivers/driver-passthru.ts';
import { driverRoutes } from './drivers/driver-routes.ts';
import { eventsRoute } from './events/post-events.ts';
import { makeFrame } from './frame.ts';
import { inspectionRuleRoutes } from './inspection-rules/rule-routes.ts';
import { nodeAllocationRoutes } from './nodes/allocation.ts';
import { biosRoutes } from './nodes/bios.ts';
import { bootDeviceRoutes } from './nodes/boot-device.ts';
import { bootModeRoutes } from './nodes/boot-mode.ts';
import { childrenRoute } from './nodes/children.ts';
import { consoleRoutes } from './nodes/console.ts';
import { createNodeRoute } from './nodes/create-node.ts';
import { deleteNodeRoute } from './nodes/delete-node.ts';
import { firmwareRoute } from './nodes/firmware.ts';
import { historyRoutes } from './nodes/history.ts';
import { indicatorRoutes } from './nodes/indicators.ts';
import { inventoryRoute } from './nodes/inventory.ts';
import { listNodesRoutes } from './nodes/list-nodes.ts';
import { maintenanceRoutes } from './nodes/maintenance.ts';
import { patchNodeRoute } from './nodes/patch-node.ts';
import { powerRoute } from './nodes/power.ts';
import { provisionRoute } from './nodes/provision.ts';
import { raidRoute } from './nodes/raid.ts';
import { showNodeRoute } from './nodes/show-node.ts';
import { showStatesRoute } from './nodes/states.ts';
import { traitRoutes } from './nodes/traits.ts';
import { validateRoutes } from './nodes/validate.ts';
import { vendorPassthruRoutes } from './nodes/vendor-passthru.ts';
import { vifRoutes } from './nodes/vifs.ts';
import { serveReference } from './openapi/serve-reference.ts';
import { vmediaRoutes } from './nodes/vmedia.ts';
import { ownRoutes } from './own/own-routes.ts';
import { portgroupRoutes } from './portgroups/list-portgroups.ts';
import { patchPortgroupRoute } from './portgroups/patch-portgroup.ts';
import { createPortgroupRoute, deletePortgroupRoute } from './portgroups/write-portgroup.ts';
import { portRoutes } from './ports/list-ports.ts';
import { patchPortRoute } from './ports/patch-port.ts';
import { createPortRoute, deletePortRoute } from './ports/write-port.ts';
import { addAdmission } from './ramdisk/admission.ts';
import { ramdiskRoutes } from './ramdisk/ramdisk-routes.ts';
import { addRoutes, type Route } from './route.ts';
import { runbookRoutes } from './runbooks/runbook-routes.ts';
import { shardsRoute } from './shards/list-shards.ts';
import { volumeRoutes } from './volume/volume-routes.ts';

export type PublicListenerParts = ApiParts & {
  readonly authenticate: Authenticate;
  /** PEM; plain HTTP (loopback only) when undefined. */
  readonly tls: { readonly key: string; readonly certificate: string } | undefined;
};

export const makePublicListener = (parts: PublicListenerParts): FastifyInstance => {
  const app = makeFrame({
    log: parts.log,
    authenticate: parts.authenticate,
    publicEndpoint: parts.options.publicEndpoint,
    tls: parts.tls,
  });
  const ramdisk = { ...parts, isDisabled: parts.options.isAgentApiOff };
  if (parts.options.publicAgentRoutes === 'policy') addAdmission(app, ramdisk);
  const routes = publicRoutes(parts);
  addRoutes(app, parts, [...routes, ...agentRoutes(parts)]);
  if (parts.options.isReferenceServed) serveReference(app, routes);
  return app;
};

export const publicRoutes = (parts: ApiParts): readonly Route[] => [
  rootRoute,
  v1Route,
  ...listNodesRoutes(parts),
  createNodeRoute(parts),
  showNodeRoute(parts),
  patchNodeRoute(parts),
  deleteNodeRoute(parts),
  ...validateRoutes(parts),
  ...maintenanceRoutes(parts),
  showStatesRoute(parts),
  powerRoute(parts),
  provisionRoute(parts),
  ...bootDeviceRoutes(parts),
  raidRoute(parts),
  ...bootModeRoutes(parts),
  ...consoleRoutes(parts),
  ...indicatorRoutes(parts),
  ...biosRoutes(parts),
  firmwareRoute(parts),
  ...vmediaRoutes(parts),
  ...traitRoutes(parts),
  ...nodeAllocationRoutes(parts),
  ...allocationRoutes(parts),
  ...historyRoutes(parts),
  inventoryRoute(parts),
  childrenRoute(parts),
  ...vendorPassthruRoutes(parts),
  ...vifRoutes(parts),
  ...portRoutes(parts),
  createPortRoute(parts),
  patchPortRoute(parts),
  deletePortRoute(parts),
  ...portgroupRoutes(parts),
  createPortgroupRoute(parts),
  patchPortgroupRoute(parts),
  deletePortgroupRoute(parts),
  ...volumeRoutes(parts),
  ...chassisRoutes(parts),
  ...driverRoutes(parts),
  ...driverPassthruRoutes(parts),
  shardsRoute(parts),
  eventsRoute(parts),
  ...conductorRoutes(parts),
  ...deployTemplateRoutes(parts),
  ...runbookRoutes(parts),
  ...inspectionRuleRoutes(parts),
  ...ownRoutes(parts),
];

/** What the policy is asked about agent routes that were moved here. */
const AGENT_RULES: { readonly [path: string]: RuleName } = {
  '/v1/lookup': 'baremetal:driver:ipa_lookup',
  '/v1/heartbeat/:ident': 'baremetal:node:ipa_heartbeat',
  '/v1/continue_inspection': 'baremetal:driver:ipa_continue_inspection',
};

/** For users of this listener who have logged in; to everybody else there are none. */
const agentRoutes = (parts: ApiParts): readonly Route[] =>
  parts.options.publicAgentRoutes === 'policy'
    ? ramdiskRoutes({ ...parts, isDisabled: parts.options.isAgentApiOff }).map((route) => ({
        ...route,
        rule: AGENT_RULES[route.path] ?? 'baremetal:node:ipa_heartbeat',
      }))
    : [];
