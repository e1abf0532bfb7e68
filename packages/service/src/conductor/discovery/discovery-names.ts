// What the work on a discovered machine is called, and what it keeps.

export const DISCOVER_NAME = 'discover';
/** In the context of the workflow: the address that the machine called from. */
export const FOUND_FROM = 'foundFrom';
/** In the context of the workflow: its cards. */
export const FOUND_MACS = 'foundMacs';

/** What the agent of a machine that was found has to reach; it is given its token only when it proved its key. */
export const DISCOVERY_TRUST_MIN = 2;
