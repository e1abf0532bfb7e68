// The provision states of a node, as one table: what each state means for clients and what may follow it.
/* oxlint-disable max-lines -- a table: a state machine reads better whole */
// `source: 'api'` marks a transition that a person asks for with a verb; `internal` ones are the conductor's.

export type TransitionSource = 'api' | 'internal';

export type Transition = { readonly to: string; readonly source: TransitionSource };

export type StateRow = {
  /** A node may rest here for ever; nothing is running. */
  readonly isStable: boolean;
  /** Shown as `target_provision_state` while the node is here, unless the event brought its own target. */
  readonly target: string | null;
  readonly transitions: { readonly [event: string]: Transition };
  /** First microversion at which the name exists. */
  readonly since: string;
  readonly isDeletable: boolean;
  readonly isPatchableWhileTargetSet: boolean;
  readonly isBootModeLocked: boolean;
  readonly isLookupAllowed: boolean;
  readonly isLookupAllowedFastTrack: boolean;
};

export const PROVISION_STATES = {
  enroll: {
    isStable: true,
    target: null,
    transitions: {
      manage: { to: 'verifying', source: 'api' },
    },
    since: '1.11',
    isDeletable: true,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: true,
  },
  manageable: {
    isStable: true,
    target: null,
    transitions: {
      provide: { to: 'cleaning', source: 'api' },
      clean: { to: 'cleaning', source: 'api' },
      inspect: { to: 'inspecting', source: 'api' },
      adopt: { to: 'adopting', source: 'api' },
    },
    since: '1.4',
    isDeletable: true,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: true,
  },
  available: {
    isStable: true,
    target: null,
    transitions: {
      deploy: { to: 'deploying', source: 'api' },
      manage: { to: 'manageable', source: 'api' },
    },
    since: '1.1',
    isDeletable: true,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: true,
  },
  active: {
    isStable: true,
    target: null,
    transitions: {
      rebuild: { to: 'deploying', source: 'api' },
      delete: { to: 'deleting', source: 'api' },
      rescue: { to: 'rescuing', source: 'api' },
      service: { to: 'servicing', source: 'api' },
    },
    since: '1.1',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  error: {
    isStable: true,
    target: null,
    transitions: {
      rebuild: { to: 'deploying', source: 'api' },
      delete: { to: 'deleting', source: 'api' },
    },
    since: '1.1',
    isDeletable: false,
    isPatchableWhileTargetSet: true,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  rescue: {
    isStable: true,
    target: null,
    transitions: {
      rescue: { to: 'rescuing', source: 'api' },
      delete: { to: 'deleting', source: 'api' },
      unrescue: { to: 'unrescuing', source: 'api' },
    },
    since: '1.38',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  verifying: {
    isStable: false,
    target: 'manageable',
    transitions: {
      done: { to: 'manageable', source: 'internal' },
      fail: { to: 'enroll', source: 'internal' },
    },
    since: '1.11',
    isDeletable: false,
    isPatchableWhileTargetSet: true,
    isBootModeLocked: true,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  deploying: {
    isStable: false,
    target: 'active',
    transitions: {
      fail: { to: 'deploy failed', source: 'internal' },
      wait: { to: 'wait call-back', source: 'internal' },
      hold: { to: 'deploy hold', source: 'internal' },
      done: { to: 'active', source: 'internal' },
    },
    since: '1.1',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: true,
    isLookupAllowed: true,
    isLookupAllowedFastTrack: true,
  },
  'wait call-back': {
    isStable: false,
    target: 'active',
    transitions: {
      hold: { to: 'deploy hold', source: 'internal' },
      resume: { to: 'deploying', source: 'internal' },
      fail: { to: 'deploy failed', source: 'internal' },
      abort: { to: 'deploy failed', source: 'api' },
      delete: { to: 'deleting', source: 'api' },
    },
    since: '1.1',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: true,
    isLookupAllowed: true,
    isLookupAllowedFastTrack: true,
  },
  'deploy failed': {
    isStable: false,
    target: 'active',
    transitions: {
      rebuild: { to: 'deploying', source: 'api' },
      deploy: { to: 'deploying', source: 'api' },
      delete: { to: 'deleting', source: 'api' },
    },
    since: '1.1',
    isDeletable: false,
    isPatchableWhileTargetSet: true,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  'deploy hold': {
    isStable: false,
    target: 'active',
    transitions: {
      unhold: { to: 'wait call-back', source: 'api' },
      abort: { to: 'deploy failed', source: 'api' },
    },
    since: '1.85',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  cleaning: {
    isStable: false,
    target: 'available',
    transitions: {
      done: { to: 'available', source: 'internal' },
      fail: { to: 'clean failed', source: 'internal' },
      wait: { to: 'clean wait', source: 'internal' },
      hold: { to: 'clean hold', source: 'internal' },
      manage: { to: 'manageable', source: 'internal' },
    },
    since: '1.1',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: true,
    isLookupAllowed: true,
    isLookupAllowedFastTrack: true,
  },
  'clean wait': {
    isStable: false,
    target: 'available',
    transitions: {
      fail: { to: 'clean failed', source: 'internal' },
      abort: { to: 'clean failed', source: 'api' },
      hold: { to: 'clean hold', source: 'internal' },
      resume: { to: 'cleaning', source: 'internal' },
    },
    since: '1.1',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: true,
    isLookupAllowed: true,
    isLookupAllowedFastTrack: true,
  },
  'clean failed': {
    isStable: false,
    target: 'available',
    transitions: {
      manage: { to: 'manageable', source: 'api' },
    },
    since: '1.1',
    isDeletable: false,
    isPatchableWhileTargetSet: true,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  'clean hold': {
    isStable: false,
    target: 'available',
    transitions: {
      abort: { to: 'clean failed', source: 'api' },
      unhold: { to: 'clean wait', source: 'api' },
    },
    since: '1.85',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  deleting: {
    isStable: false,
    target: 'available',
    transitions: {
      fail: { to: 'error', source: 'internal' },
      clean: { to: 'cleaning', source: 'internal' },
    },
    since: '1.1',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: true,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  inspecting: {
    isStable: false,
    target: 'manageable',
    transitions: {
      done: { to: 'manageable', source: 'internal' },
      fail: { to: 'inspect failed', source: 'internal' },
      wait: { to: 'inspect wait', source: 'internal' },
    },
    since: '1.6',
    isDeletable: false,
    isPatchableWhileTargetSet: true,
    isBootModeLocked: true,
    isLookupAllowed: true,
    isLookupAllowedFastTrack: true,
  },
  'inspect failed': {
    isStable: false,
    target: 'manageable',
    transitions: {
      manage: { to: 'manageable', source: 'api' },
      inspect: { to: 'inspecting', source: 'api' },
    },
    since: '1.6',
    isDeletable: false,
    isPatchableWhileTargetSet: true,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  'inspect wait': {
    isStable: false,
    target: 'manageable',
    transitions: {
      done: { to: 'manageable', source: 'internal' },
      fail: { to: 'inspect failed', source: 'internal' },
      abort: { to: 'inspect failed', source: 'api' },
      resume: { to: 'inspecting', source: 'internal' },
    },
    since: '1.39',
    isDeletable: false,
    isPatchableWhileTargetSet: true,
    isBootModeLocked: true,
    isLookupAllowed: true,
    isLookupAllowedFastTrack: true,
  },
  adopting: {
    isStable: false,
    target: 'active',
    transitions: {
      done: { to: 'active', source: 'internal' },
      fail: { to: 'adopt failed', source: 'internal' },
    },
    since: '1.17',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: true,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  'adopt failed': {
    isStable: false,
    target: 'active',
    transitions: {
      adopt: { to: 'adopting', source: 'api' },
      manage: { to: 'manageable', source: 'api' },
    },
    since: '1.17',
    isDeletable: true,
    isPatchableWhileTargetSet: true,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  rescuing: {
    isStable: false,
    target: 'rescue',
    transitions: {
      done: { to: 'rescue', source: 'internal' },
      wait: { to: 'rescue wait', source: 'internal' },
      fail: { to: 'rescue failed', source: 'internal' },
    },
    since: '1.38',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: true,
    isLookupAllowed: true,
    isLookupAllowedFastTrack: true,
  },
  'rescue wait': {
    isStable: false,
    target: 'rescue',
    transitions: {
      resume: { to: 'rescuing', source: 'internal' },
      fail: { to: 'rescue failed', source: 'internal' },
      abort: { to: 'rescue failed', source: 'api' },
      delete: { to: 'deleting', source: 'api' },
    },
    since: '1.38',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: true,
    isLookupAllowed: true,
    isLookupAllowedFastTrack: true,
  },
  'rescue failed': {
    isStable: false,
    target: 'rescue',
    transitions: {
      rescue: { to: 'rescuing', source: 'api' },
      unrescue: { to: 'unrescuing', source: 'api' },
      delete: { to: 'deleting', source: 'api' },
    },
    since: '1.38',
    isDeletable: false,
    isPatchableWhileTargetSet: true,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  unrescuing: {
    isStable: false,
    target: 'active',
    transitions: {
      done: { to: 'active', source: 'internal' },
      fail: { to: 'unrescue failed', source: 'internal' },
    },
    since: '1.38',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: true,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  'unrescue failed': {
    isStable: false,
    target: 'active',
    transitions: {
      rescue: { to: 'rescuing', source: 'api' },
      unrescue: { to: 'unrescuing', source: 'api' },
      delete: { to: 'deleting', source: 'api' },
    },
    since: '1.38',
    isDeletable: false,
    isPatchableWhileTargetSet: true,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  servicing: {
    isStable: false,
    target: 'active',
    transitions: {
      done: { to: 'active', source: 'internal' },
      fail: { to: 'service failed', source: 'internal' },
      wait: { to: 'service wait', source: 'internal' },
      hold: { to: 'service hold', source: 'internal' },
    },
    since: '1.87',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: true,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: true,
  },
  'service wait': {
    isStable: false,
    target: 'active',
    transitions: {
      hold: { to: 'service hold', source: 'internal' },
      resume: { to: 'servicing', source: 'internal' },
      fail: { to: 'service failed', source: 'internal' },
      abort: { to: 'service failed', source: 'api' },
      delete: { to: 'deleting', source: 'api' },
    },
    since: '1.87',
    isDeletable: false,
    isPatchableWhileTargetSet: false,
    isBootModeLocked: true,
    isLookupAllowed: true,
    isLookupAllowedFastTrack: true,
  },
  'service failed': {
    isStable: false,
    target: 'active',
    transitions: {
      service: { to: 'servicing', source: 'api' },
      rescue: { to: 'rescuing', source: 'api' },
      wait: { to: 'service wait', source: 'internal' },
      hold: { to: 'service hold', source: 'internal' },
      delete: { to: 'deleting', source: 'api' },
      abort: { to: 'active', source: 'api' },
    },
    since: '1.87',
    isDeletable: false,
    isPatchableWhileTargetSet: true,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: false,
  },
  'service hold': {
    isStable: false,
    target: 'active',
    transitions: {
      service: { to: 'servicing', source: 'api' },
      unhold: { to: 'service wait', source: 'api' },
      fail: { to: 'service failed', source: 'internal' },
      abort: { to: 'service failed', source: 'api' },
    },
    since: '1.87',
    isDeletable: false,
    isPatchableWhileTargetSet: true,
    isBootModeLocked: false,
    isLookupAllowed: false,
    isLookupAllowedFastTrack: true,
  },
} as const satisfies { readonly [state: string]: StateRow };

export type ProvisionState = keyof typeof PROVISION_STATES;

/** Every name that appears as a transition target is itself a row; a missing row does not compile. */
type Targets = {
  [S in ProvisionState]: {
    [
      E in keyof (typeof PROVISION_STATES)[S]['transitions']
    ]: (typeof PROVISION_STATES)[S]['transitions'][E] extends {
      readonly to: infer To;
    }
      ? To
      : never;
  }[keyof (typeof PROVISION_STATES)[S]['transitions']];
}[ProvisionState];
export const everyTargetIsAState: Targets extends ProvisionState ? true : never = true;

export type ProvisionEvent = {
  [S in ProvisionState]: keyof (typeof PROVISION_STATES)[S]['transitions'];
}[ProvisionState];

export const isProvisionState = (text: string): text is ProvisionState =>
  Object.hasOwn(PROVISION_STATES, text);

/** The row of one state, with its literal types widened so that it can be read in general code. */
export const stateRow = (state: ProvisionState): StateRow => PROVISION_STATES[state];

export type StateChange = {
  readonly state: ProvisionState;
  readonly target: ProvisionState | null;
};

/**
 * The state and target that follow `event`, or undefined when the event does not exist there.
 * Target rule (recorded from the reference service): a target that is reached becomes null; then the new
 * state's own target applies, unless the event brought one (`targetOverride`, used by manual cleaning).
 */
export const afterEvent = (
  state: ProvisionState,
  event: ProvisionEvent,
  currentTarget: ProvisionState | null,
  targetOverride?: ProvisionState,
): StateChange | undefined => {
  const row = stateRow(state);
  if (!Object.hasOwn(row.transitions, event)) return undefined;
  const to = (row.transitions[event] as Transition).to as ProvisionState;
  const own = stateRow(to).target as ProvisionState | null;
  const isReached = currentTarget === to || stateRow(to).isStable;
  return { state: to, target: targetOverride ?? own ?? (isReached ? null : currentTarget) };
};
