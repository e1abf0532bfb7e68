// The three calls of ramdisks.

import type { Route } from '../route.ts';
import { continueInspectionRoute } from './continue-inspection.ts';
import { heartbeatRoute } from './heartbeat.ts';
import { lookupRoute } from './lookup.ts';
import type { RamdiskParts } from './ramdisk-options.ts';

export const ramdiskRoutes = (parts: RamdiskParts): readonly Route[] => [
  lookupRoute(parts),
  heartbeatRoute(parts),
  continueInspectionRoute(parts),
];
