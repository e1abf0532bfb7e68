// The listener for ramdisks: discovery, lookup, heartbeat, inspection data and nothing else. No credentials, so
// everything rests on what the conductor decides about tokens and states.

import type { FastifyInstance } from 'fastify';

import { authenticateNobody } from './auth/none.ts';
import { rootRoute } from './discovery/root.ts';
import { v1Route } from './discovery/v1.ts';
import { makeFrame } from './frame.ts';
import { countCalls } from './ramdisk/count-calls.ts';
import { continueInspectionRoute } from './ramdisk/continue-inspection.ts';
import { heartbeatRoute } from './ramdisk/heartbeat.ts';
import { lookupRoute } from './ramdisk/lookup.ts';
import type { RamdiskParts } from './ramdisk/ramdisk-options.ts';
import { addRoutes } from './route.ts';

export type RamdiskListenerParts = RamdiskParts & {
  /** PEM, issued by our own authority; undefined only in tests. */
  readonly tls: { readonly key: string; readonly certificate: string } | undefined;
};

export const makeRamdiskListener = (parts: RamdiskListenerParts): FastifyInstance => {
  const app = makeFrame({
    log: parts.log,
    authenticate: authenticateNobody,
    publicEndpoint: parts.publicEndpoint,
    tls: parts.tls,
  });
  countCalls(app, parts.metrics);
  addRoutes(app, [
    rootRoute,
    v1Route,
    lookupRoute(parts),
    heartbeatRoute(parts),
    continueInspectionRoute(parts),
  ]);
  return app;
};
