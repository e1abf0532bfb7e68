// What is counted. Names and labels are few and fixed: nothing that a stranger sends becomes a label.

import { Counter, Gauge, Registry } from 'prom-client';

import type { Severity } from '@bessemer/protocol/events/agent-events';

/** How a call of a ramdisk ended. */
export type CallOutcome =
  | 'accepted'
  | 'granted'
  | 'masked'
  | 'refused'
  | 'denied'
  | 'disabled'
  | 'locked'
  | 'too-large'
  | 'limited'
  | 'overloaded'
  | 'failed';

export type RamdiskCall = 'lookup' | 'heartbeat' | 'inspection';

export type Metrics = {
  readonly countEvent: (name: string, severity: Severity) => void;
  readonly countCall: (call: RamdiskCall, outcome: CallOutcome) => void;
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
};

/** `sessionsByState` is asked at each scrape. */
export const makeMetrics = (
  sessionsByState: () => Promise<ReadonlyMap<string, number>>,
): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  const events = new Counter({
    name: 'bessemer_agent_events_total',
    help: 'Events about trust in agents, those too that the audit log left out as repeats.',
    labelNames: ['event', 'severity'],
    registers,
  });
  const calls = new Counter({
    name: 'bessemer_ramdisk_calls_total',
    help: 'Calls of ramdisks by what they asked and how it ended.',
    labelNames: ['call', 'outcome'],
    registers,
  });
  const sessions = new Gauge({
    name: 'bessemer_agent_sessions',
    help: 'Agent sessions that are not closed, by state.',
    labelNames: ['state'],
    registers,
    collect: async () => {
      const counts = await sessionsByState();
      sessions.reset();
      for (const [state, count] of counts) sessions.set({ state }, count);
    },
  });
  return {
    countEvent: (event, severity) => events.inc({ event, severity }),
    countCall: (call, outcome) => calls.inc({ call, outcome }),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
};
