// The version that heartbeats and the status carry. Services compare it with versions of the stock agent, so it
// has that form and names the wire that this agent speaks.

export const AGENT_VERSION = '11.9.0';
