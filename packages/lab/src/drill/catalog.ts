// Every drill, in the order in which they are run.

import { agentRedirect } from './attacks/agent-redirect.ts';
import { agentRestart } from './attacks/agent-restart.ts';
import { agentWithoutToken } from './attacks/agent-without-token.ts';
import { callbackSsrf } from './attacks/callback-ssrf.ts';
import { forgedCertificate_ } from './attacks/forged-certificate.ts';
import { manInTheMiddle } from './attacks/man-in-the-middle.ts';
import { mdnsIgnored } from './attacks/mdns-ignored.ts';
import { movedCallback } from './attacks/moved-callback.ts';
import { plantedMedia } from './attacks/planted-media.ts';
import { replayedHeartbeat } from './attacks/replayed-heartbeat.ts';
import { shellInjection } from './attacks/shell-injection.ts';
import { staleToken } from './attacks/stale-token.ts';
import { alteredAndExpiredUrl } from './attacks/altered-and-expired-url.ts';
import { bootFileOfAnother } from './attacks/boot-file-of-another.ts';
import { pathTraversal } from './attacks/path-traversal.ts';
import { kernelArgumentInjection } from './attacks/kernel-argument-injection.ts';
import { hostileInventory } from './attacks/hostile-inventory.ts';
import { duplicateStepName } from './attacks/duplicate-step-name.ts';
import { lookupForeignMac } from './attacks/lookup-foreign-mac.ts';
import { lookupByUuid } from './attacks/lookup-by-uuid.ts';
import { lookupOldMicroversion } from './attacks/lookup-old-microversion.ts';
import { parallelLookups } from './attacks/parallel-lookups.ts';
import { rogueAgent } from './attacks/rogue-agent.ts';
import { wrongTokenFlood } from './attacks/wrong-token-flood.ts';
import { wrongListener } from './attacks/wrong-listener.ts';
import { polledImpostor } from './attacks/polled-impostor.ts';
import { strippedProof } from './attacks/stripped-proof.ts';
import { foreignBootFile } from './attacks/foreign-boot-file.ts';
import { hostileCommandResult } from './attacks/hostile-command-result.ts';
import type { Drill } from './drill.ts';

export const DRILLS: readonly Drill[] = [
  lookupForeignMac,
  lookupByUuid,
  lookupOldMicroversion,
  parallelLookups,
  strippedProof,
  rogueAgent,
  polledImpostor,
  wrongTokenFlood,
  replayedHeartbeat,
  movedCallback,
  callbackSsrf,
  agentRedirect,
  forgedCertificate_,
  staleToken,
  alteredAndExpiredUrl,
  bootFileOfAnother,
  pathTraversal,
  wrongListener,
  kernelArgumentInjection,
  foreignBootFile,
  hostileInventory,
  hostileCommandResult,
  duplicateStepName,
  manInTheMiddle,
  agentWithoutToken,
  agentRestart,
  mdnsIgnored,
  plantedMedia,
  shellInjection,
];
