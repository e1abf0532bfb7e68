// The session of a boot that follows another one in the same work. A token that was given by a lookup died before the
// machine was switched off. One in a medium lives as long as the medium, for so many boots, as stock agents are used to.
// An agent of ours, which signs, gets a new medium: what it signed in one boot is then worth nothing in the next, also
// where the clock of its machine, and with it its numbers, start anew.

import { type AgentSessionRecord, findOpenSession } from '#store/agent-sessions';
import { awaitNextMediaBoot } from '#store/media-boots';

import { noteEvent } from '../trust-events.ts';
import type { Job, Step } from '../workflow/step.ts';
import { openSession } from './open-session.ts';
import { sessionWish } from './session-wish.ts';
import { callbackTimeoutOf } from './callback-timeout.ts';

/** The medium must be there until its agent has called again. */
const isMediumGood = (job: Job, session: AgentSessionRecord): boolean => {
  const { clock, options } = job.parts;
  return (
    session.mediaBoots < options.mediaBootsMax &&
    clock.wallMs() + callbackTimeoutOf(job) < session.windowClosesMs
  );
};

const isKept = (job: Job, session: AgentSessionRecord | undefined): session is AgentSessionRecord =>
  session?.route === 'vmedia' &&
  session.state === 'BOUND' &&
  !session.isSigning &&
  sessionWish(job.node, job.driver, job.parts.options).route === 'vmedia' &&
  isMediumGood(job, session);

export const renewSession: Step = {
  name: 'renew_session',
  isIdempotent: true,
  run: async (job) => {
    const { parts, node } = job;
    const session = await findOpenSession(parts.store.db, node.uuid);
    if (!isKept(job, session)) return openSession.run(job);
    const mediaBoots = session.mediaBoots + 1;
    return {
      kind: 'done',
      detail: { boot_number: session.bootNumber, media_boots: mediaBoots },
      also: async (transaction) => {
        // Whoever is not believed any more is not believed again by a reboot: the wait for the agent finds that.
        if (!(await awaitNextMediaBoot(transaction, session.id, mediaBoots))) return;
        await noteEvent(transaction, parts, {
          name: 'agent.session.sealed',
          nodeUuid: node.uuid,
          sessionId: session.id,
          bootNumber: session.bootNumber,
          outcome: 'changed',
          detail: { media_boots: mediaBoots },
        });
      },
    };
  },
};
