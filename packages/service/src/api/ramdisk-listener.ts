// The listener for ramdisks: discovery, lookup, heartbeat, inspection data and nothing else. No credentials, so
// everything rests on what the conductor decides about tokens and states.

import type { FastifyInstance } from 'fastify';

import type { Policy } from '#policy/policy';

import { authenticateNobody } from './auth/none.ts';
import { rootRoute } from './discovery/root.ts';
import { v1Route } from './discovery/v1.ts';
import { type FrameTimes, makeFrame } from './frame.ts';
import { addAdmission } from './ramdisk/admission.ts';
import { type ConnectionRate, gateConnections } from './ramdisk/connection-gate.ts';
import { countCalls } from './ramdisk/count-calls.ts';
import type { RamdiskParts } from './ramdisk/ramdisk-options.ts';
import { ramdiskRoutes } from './ramdisk/ramdisk-routes.ts';
import { makeNetworkCheck } from './ramdisk/source-key.ts';
import { addRoutes } from './route.ts';

export type RamdiskListenerParts = RamdiskParts & {
  readonly publicEndpoint: string | undefined;
  /** PEM, issued by our own authority; undefined only in tests. */
  readonly tls: { readonly key: string; readonly certificate: string } | undefined;
  /** CIDR; only from there is X-Forwarded-For believed. */
  readonly trustedProxies?: readonly string[];
  /** Unlimited when undefined. */
  readonly connectionsPerSource?: number | undefined;
  readonly connectionRate?: ConnectionRate | undefined;
  readonly times?: FrameTimes;
};

/** All of its routes are public: tokens and states decide here, nobody has logged in. */
const NO_POLICY: Policy = { allows: () => false, allowsIfDefined: () => undefined };

/** Header within 10 s, body within 20 s after it. */
const TIMES: FrameTimes = { headersMs: 10_000, requestMs: 30_000, checkMs: 1_000 };

export const makeRamdiskListener = (parts: RamdiskListenerParts): FastifyInstance => {
  const proxies = parts.trustedProxies ?? [];
  const app = makeFrame({
    log: parts.log,
    authenticate: authenticateNobody,
    publicEndpoint: parts.publicEndpoint,
    tls: parts.tls,
    trustedProxies: proxies,
    times: parts.times ?? TIMES,
  });
  const gate =
    parts.connectionsPerSource === undefined
      ? undefined
      : gateConnections(app.server, {
          perSource: parts.connectionsPerSource,
          rate: parts.connectionRate,
          clock: parts.clock,
          isExempt: makeNetworkCheck(proxies),
        });
  if (gate !== undefined) {
    app.addHook('preClose', (done) => {
      gate.close();
      done();
    });
  }
  countCalls(app, parts.metrics);
  addAdmission(app, { ...parts, onLimited: gate?.noteLimited });
  addRoutes(app, { policy: NO_POLICY }, [rootRoute, v1Route, ...ramdiskRoutes(parts)]);
  return app;
};
