// Every drill, in the order in which they are run.

import { agentRedirect } from './attacks/agent-redirect.ts';
import { callbackSsrf } from './attacks/callback-ssrf.ts';
import { forgedCertificate_ } from './attacks/forged-certificate.ts';
import { movedCallback } from './attacks/moved-callback.ts';
import { replayedHeartbeat } from './attacks/replayed-heartbeat.ts';
import { staleToken } from './attacks/stale-token.ts';
import type { Drill } from './drill.ts';

export const DRILLS: readonly Drill[] = [
  replayedHeartbeat,
  movedCallback,
  callbackSsrf,
  agentRedirect,
  forgedCertificate_,
  staleToken,
];
