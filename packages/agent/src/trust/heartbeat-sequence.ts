// The numbers of signed heartbeats. They follow the wall clock where it runs ahead, so that an agent that starts
// again does not fall behind its own past, and rise by one where it stands or goes back.

import type { Clock } from '#clock';

export const makeHeartbeatSequence = (clock: Pick<Clock, 'wallMs'>): (() => number) => {
  let last = 0;
  return () => {
    last = Math.max(last + 1, Math.floor(clock.wallMs()));
    return last;
  };
};
