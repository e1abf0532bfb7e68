// Every event about trust in agents: what it is called, how loud it is, what it means. History, log, metrics, the
// audit log and the reference page are all read from this table.

export type Severity = 'info' | 'warning' | 'high' | 'critical';

export type EventRow = {
  readonly severity: Severity;
  readonly meaning: string;
  readonly effect: string;
};

export const AGENT_EVENTS = {
  'agent.session.opened': {
    severity: 'info',
    meaning: 'A power action of ours may start an agent on this node.',
    effect: 'The window for the first lookup runs.',
  },
  'agent.session.sealed': {
    severity: 'info',
    meaning: 'A token and key for one boot were put into its boot medium.',
    effect: 'Lookups of this boot get the mask.',
  },
  'agent.session.closed': {
    severity: 'info',
    meaning: 'The boot is over.',
    effect: 'Its sealed token is destroyed.',
  },
  'agent.session.revoked': {
    severity: 'high',
    meaning: 'An operator or a rule took the trust away.',
    effect: 'The token is dead at once; commands stop.',
  },
  'agent.window.opened': {
    severity: 'warning',
    meaning: 'An administrator opened the window for a first lookup by hand.',
    effect: 'The next lookup that passes all checks gets a token.',
  },
  'agent.lookup.granted': {
    severity: 'info',
    meaning: 'The first lookup of this boot passed every check.',
    effect: 'The token was made, stored and given, once.',
  },
  'agent.lookup.masked': {
    severity: 'info',
    meaning: 'A lookup of an agent that has its token from the boot medium.',
    effect: 'Answered with the mask.',
  },
  'agent.lookup.repeat': {
    severity: 'warning',
    meaning:
      'A second lookup in the same boot from the same address: the agent may have restarted by itself.',
    effect: 'Answered with the mask.',
  },
  'agent.lookup.rival': {
    severity: 'critical',
    meaning: 'Two addresses asked for the token of the same boot.',
    effect: 'Neither is trusted: the session is suspect, the work on the node stops.',
  },
  'agent.lookup.denied': {
    severity: 'warning',
    meaning:
      'A lookup failed a check; `reason` says which: network, state, window, source, ambiguous, unknown, trust, proof.',
    effect: 'Answered 404, with the same body for every reason.',
  },
  'agent.lookup.scan': {
    severity: 'high',
    meaning: 'One address was denied very often.',
    effect: 'Its lookups are refused for some minutes.',
  },
  'agent.token.missing': {
    severity: 'warning',
    meaning: 'A heartbeat came without a token.',
    effect: 'Answered 400.',
  },
  'agent.token.invalid': {
    severity: 'warning',
    meaning: 'A heartbeat came with a token that is not the one of this boot.',
    effect: 'Answered 400.',
  },
  'agent.token.guessing': {
    severity: 'high',
    meaning: 'One address showed wrong tokens for one node again and again.',
    effect: 'Answered 429 to that address; the real agent goes on.',
  },
  'agent.token.stale_use': {
    severity: 'high',
    meaning: 'Somebody used the token of a boot that is over.',
    effect: 'Answered 400.',
  },
  'agent.token.rotated': {
    severity: 'info',
    meaning: 'The token of the boot medium was replaced by one that was never in it.',
    effect: 'The old token is destroyed.',
  },
  'agent.heartbeat.denied': {
    severity: 'warning',
    meaning: 'A heartbeat with the right token failed another check; `reason` says which.',
    effect: 'Answered 400.',
  },
  'agent.bound': {
    severity: 'info',
    meaning: 'The first good contact of this boot.',
    effect: 'Callback address, source and key are fixed from now on.',
  },
  'agent.binding.conflict': {
    severity: 'critical',
    meaning: 'The right token came with another address or key than the bound one.',
    effect: 'Answered 400; the session is suspect, the work on the node stops.',
  },
  'agent.callback.denied': {
    severity: 'warning',
    meaning: 'A callback address that machines cannot or may not have.',
    effect: 'Answered 400.',
  },
  'agent.source.denied': {
    severity: 'warning',
    meaning:
      'A heartbeat came from outside the allowed networks, or from another address than the one it wants to be called ' +
      'back at.',
    effect: 'Answered 403 or 400.',
  },
  'agent.replay': {
    severity: 'high',
    meaning: 'A signed request with a number that does not rise, or a signature that is not right.',
    effect: 'Answered 400; nothing changes.',
  },
  'agent.trust.too_low': {
    severity: 'high',
    meaning: 'The agent cannot reach the trust level that this node needs.',
    effect: 'Refused.',
  },
  'agent.require_tls.off': {
    severity: 'warning',
    meaning: 'A session runs without TLS because the operator switched the requirement off.',
    effect: 'Its token crosses the network in clear text.',
  },
  'agent.identity.mismatch': {
    severity: 'critical',
    meaning: 'The hardware that answered is not the hardware of this node.',
    effect: 'The session is suspect, the work on the node stops.',
  },
  'agent.pin_mismatch': {
    severity: 'critical',
    meaning: 'Who answers at the address of the agent shows another TLS key.',
    effect: 'The connection ends before the first byte of a request.',
  },
  'agent.poll.no_address': {
    severity: 'warning',
    meaning: 'No address of a polled machine is known yet.',
    effect: 'Tried again.',
  },
  'agent.poll.pin_mismatch': {
    severity: 'critical',
    meaning: 'Who answers at an address of a polled machine shows another TLS key.',
    effect: 'Nothing but the handshake was sent; the address is left alone for some minutes.',
  },
  'agent.poll.stale_agent': {
    severity: 'high',
    meaning: 'The agent that answers was started before the boot that we caused.',
    effect: 'It is not believed; tried again.',
  },
  'agent.poll.proof_failed': {
    severity: 'critical',
    meaning: 'Who answers with the right key does not know the token.',
    effect: 'The session is suspect, the work on the node stops.',
  },
  'agent.poll.token_refused': {
    severity: 'high',
    meaning: 'The polled agent does not take the token of its boot medium.',
    effect: 'Tried again until the deadline.',
  },
  'agent.poll.node_info_unsupported': {
    severity: 'warning',
    meaning: 'A stock agent that does not take node information by polling.',
    effect: 'The token of the boot medium stays in use.',
  },
  'agent.poll.silent': {
    severity: 'warning',
    meaning: 'A polled agent did not answer several times in a row; `reason` says how.',
    effect:
      'It is asked again; a command that it runs fails after as long as with missed heartbeats.',
  },
  'agent.restarted': {
    severity: 'high',
    meaning: 'The agent was started again, and not by us.',
    effect: 'The session is suspect, the work on the node stops.',
  },
  'agent.unexpected_heartbeat': {
    severity: 'high',
    meaning: 'A node that is only polled called by itself.',
    effect: 'Answered 403.',
  },
  'agent.grant.retry': {
    severity: 'warning',
    meaning: 'A token was given and never used; the answer may have been lost.',
    effect: 'The machine is started once more, with a new window.',
  },
  'boot.denied': {
    severity: 'warning',
    meaning: 'A boot file was asked for with a wrong signature, from a wrong address, or too late.',
    effect: 'Answered 403 or 410.',
  },
  'boot.bad_path': {
    severity: 'warning',
    meaning: 'A boot file was asked for by a path that no boot file has.',
    effect: 'Answered 404.',
  },
  'inspect.rejected': {
    severity: 'warning',
    meaning: 'An inventory was refused; `reason` says why.',
    effect: 'Nothing of it was stored.',
  },
  'inspect.identity_conflict': {
    severity: 'critical',
    meaning: 'An inventory claims a MAC that is a port of another node.',
    effect: 'The whole inventory was refused.',
  },
  'inspect.discovered': {
    severity: 'warning',
    meaning: 'A machine that was not known booted our ramdisk, and a node was made for it.',
    effect:
      'The node is in state enroll; it is given nothing secret before its agent proves its key.',
  },
  'inspect.discovery_refused': {
    severity: 'warning',
    meaning: 'A machine that was not known was not taken on; `reason` says why.',
    effect: 'No node was made.',
  },
  'policy.reloaded': {
    severity: 'info',
    meaning: 'The files of the access rules have changed.',
    effect: 'The new rules count from now on.',
  },
  'policy.rejected': {
    severity: 'high',
    meaning: 'The files of the access rules have changed and cannot be used.',
    effect: 'The last good rules stay.',
  },
} as const satisfies { readonly [name: string]: EventRow };

export type AgentEventName = keyof typeof AGENT_EVENTS;
