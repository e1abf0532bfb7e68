// Settings that keep the rate limits of the agent listener out of a measurement: one process is all agents here.

export const NO_RATE_LIMITS: readonly string[] = ['agent.rate_limits=off'];
