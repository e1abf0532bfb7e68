// Every event that the audit log may hold.

import { AGENT_EVENTS } from './agent-events.ts';
import { BMC_EVENTS } from './bmc-events.ts';

export const AUDIT_EVENTS = { ...AGENT_EVENTS, ...BMC_EVENTS } as const;

export type AuditEventName = keyof typeof AUDIT_EVENTS;
