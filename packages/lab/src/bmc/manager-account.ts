// One account as the BMC remembers it.

export const ROLES = ['Administrator', 'Operator', 'ReadOnly'] as const;

export type Account = {
  readonly id: string;
  userName: string;
  password: string;
  role: (typeof ROLES)[number];
  isEnabled: boolean;
  wrongPasswordCount: number;
  /** When the last one was tried. */
  wrongPasswordMs: number;
  lockedUntilMs: number;
  /** Whether the account itself chose its password; somebody else did at the beginning. */
  isPasswordOwn: boolean;
  /** Earlier ones, the newest first. */
  passwordsBefore: readonly string[];
  /** Null: not since the BMC began. */
  passwordSetMs: number | null;
};

export type AccountFacts = Pick<Account, 'id' | 'userName' | 'password' | 'role' | 'isEnabled'>;

export const makeAccount = (facts: AccountFacts): Account => ({
  ...facts,
  wrongPasswordCount: 0,
  wrongPasswordMs: 0,
  lockedUntilMs: 0,
  isPasswordOwn: false,
  passwordsBefore: [],
  passwordSetMs: null,
});

/** As they are to be after a restart that forgets everything else. */
export const factsOf = ({ id, userName, password, role, isEnabled }: Account): AccountFacts => ({
  id,
  userName,
  password,
  role,
  isEnabled,
});
