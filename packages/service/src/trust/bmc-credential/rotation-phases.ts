// The phases of a rotation: what the journal row says before something is done, and what it may say next. A phase
// that is read after a crash means that its act was done, or half done, or not at all; every act is made for that.
//
//   begin            find a login that works; nothing is changed yet
//   generated        choose what the next password looks like
//   storing          write it to the secret store
//   staged           read it back from there
//   applying         tell the BMC: from here on it may hold the new password or the old one
//   verifying        log in anew with the new password
//   recovering       the new password is refused: find out what the BMC holds
//   correcting       the BMC holds the first bytes of the password: store those, learn the limit
//   verified         log in by each other protocol in use
//   committing       the new password becomes the one in use, in one transaction
//   retiring         the other account gets a fresh password, too, or is disabled (dual only)
//   verify_old_dead  see which accounts there are, and log in with what was in use before: it has to be refused
//   settling         the account that the service was given is disabled, if somebody wants that
//   done             over, well or not
//
// `dual`: there are two accounts, and the one that is logged in with is not the one that is changed. `single`: there is
// one, so that between telling and logging in nobody knows which of two passwords is right; both are in the store.

export type RotationStrategy = 'dual' | 'single';

export type RotationPhase =
  | 'begin'
  | 'generated'
  | 'storing'
  | 'staged'
  | 'applying'
  | 'verifying'
  | 'recovering'
  | 'correcting'
  | 'verified'
  | 'committing'
  | 'retiring'
  | 'verify_old_dead'
  | 'settling'
  | 'done';

type Table = { readonly [phase in RotationPhase]: readonly RotationPhase[] };

const SINGLE: Table = {
  begin: ['generated', 'correcting', 'done'],
  generated: ['storing', 'done'],
  storing: ['staged', 'done'],
  staged: ['applying', 'generated', 'done'],
  applying: ['verifying', 'generated', 'done'],
  verifying: ['verified', 'recovering', 'done'],
  recovering: ['verifying', 'applying', 'generated', 'correcting', 'done'],
  correcting: ['begin', 'generated', 'done'],
  verified: ['committing', 'generated', 'done'],
  committing: ['verify_old_dead'],
  retiring: [],
  verify_old_dead: ['settling', 'done'],
  settling: ['done'],
  done: [],
};

const DUAL: Table = {
  ...SINGLE,
  // The other account is worked on by the same phases.
  committing: ['retiring', 'verify_old_dead'],
  retiring: ['generated', 'verify_old_dead', 'done'],
};

const TABLES: { readonly [strategy in RotationStrategy]: Table } = { dual: DUAL, single: SINGLE };

export const ROTATION_PHASES = Object.keys(DUAL) as readonly RotationPhase[];

export const phasesAfter = (
  strategy: RotationStrategy,
  phase: RotationPhase,
): readonly RotationPhase[] => TABLES[strategy][phase];

/** Throws for a step that the table does not have: a defect. The same phase again is none. */
export const requirePhaseChange = (
  strategy: RotationStrategy,
  from: RotationPhase,
  to: RotationPhase,
): void => {
  if (from === to || phasesAfter(strategy, from).includes(to)) return;
  throw new Error(`a ${strategy} rotation does not go from ${from} to ${to}`);
};

/** Whether the BMC may hold a password that nobody has logged in with yet. */
export const isInDoubt = (phase: RotationPhase): boolean =>
  phase === 'applying' || phase === 'verifying' || phase === 'recovering' || phase === 'correcting';
