// What is counted. Names and labels are few and fixed: nothing that a stranger sends becomes a label.

import type { Severity } from '@bessemer/protocol/events/agent-events';

export type Metrics = {
  readonly countEvent: (name: string, severity: Severity) => void;
};
