// Which passwords BMCs take. Profiles are tried in the order of the table; the one that a BMC took is remembered. What
// a BMC tells or shows of its limits narrows them.
//
// Where the numbers are from: IPMI 2.0 section 22.30 (Set User Password: 16 bytes for IPMI 1.5 sessions, 20 for RMCP+,
// and a BMC remembers which); ipmitool 1.8.19 against OpenIPMI's simulator 2.0.33, measured: 20 bytes are reported as
// set and stored as 16; Redfish AccountService: MinPasswordLength, MaxPasswordLength.

export type CharacterClass = 'upper' | 'lower' | 'digit' | 'special';

export type PasswordProfile = {
  readonly name: string;
  readonly lengthBytes: number;
  /** At least one of each is in a password; nothing else is. */
  readonly alphabets: Readonly<Partial<Record<CharacterClass, string>>>;
  /** Of what the first character is; a letter when left out. */
  readonly starts?: readonly CharacterClass[];
  /** Exactly one, or as many as chance has; never the last. */
  readonly specials: 'one' | 'any';
  /** Some BMCs refuse two equal neighbours. */
  readonly isRepeatAllowed: boolean;
  /** What the path to the BMC must be for it. */
  readonly needs: 'any' | 'rmcp+ or redfish' | 'redfish' | 'consent';
  readonly why: string;
};

/** What was learned of one BMC. */
export type PasswordLimits = {
  readonly lengthMinBytes?: number;
  readonly lengthMaxBytes?: number;
  /** Characters that it, or something on the way to it, chokes on. */
  readonly forbidden?: string;
};

// Without I, O and l: people read them from a paper in an emergency. No quotes, backslash, dollar, percent, ampersand,
// colon, hash, space or angle brackets anywhere: they break web pages, command lines and encoders of some vendors.
const LETTERS_AND_DIGITS = {
  upper: 'ABCDEFGHJKLMNPQRSTUVWXYZ',
  lower: 'abcdefghijkmnopqrstuvwxyz',
  digit: '23456789',
} as const;
/** What a class has where nobody says more. */
export const DEFAULT_ALPHABETS = { ...LETTERS_AND_DIGITS, special: '-_.' } as const;

/** Of IPMI 1.5, and of BMCs that cut RMCP+ passwords silently. */
export const IPMI_1_5_BYTES_MAX = 16;
export const IPMI_2_0_BYTES_MAX = 20;
/** Of user names, in both. */
export const USER_NAME_BYTES_MAX = 16;

export const PASSWORD_PROFILES = [
  {
    name: 'P1',
    lengthBytes: IPMI_1_5_BYTES_MAX,
    alphabets: LETTERS_AND_DIGITS,
    specials: 'any',
    isRepeatAllowed: false,
    needs: 'any',
    why: 'the longest that every IPMI session takes, of what nothing chokes on',
  },
  {
    name: 'P2',
    lengthBytes: IPMI_1_5_BYTES_MAX,
    alphabets: DEFAULT_ALPHABETS,
    specials: 'one',
    isRepeatAllowed: false,
    needs: 'any',
    why: 'for policies that demand a special character',
  },
  {
    name: 'P3',
    lengthBytes: IPMI_2_0_BYTES_MAX,
    alphabets: DEFAULT_ALPHABETS,
    specials: 'one',
    isRepeatAllowed: false,
    needs: 'rmcp+ or redfish',
    why: 'for policies that demand more than 16 bytes',
  },
  {
    name: 'P4',
    lengthBytes: 12,
    alphabets: LETTERS_AND_DIGITS,
    specials: 'any',
    isRepeatAllowed: false,
    needs: 'consent',
    why: 'for BMCs that take no 16 bytes; weaker, so somebody has to allow it',
  },
] as const satisfies readonly PasswordProfile[];

/** Of a password that nobody has to allow, and of any. P4 has 69. */
export const WEAK_BITS_MIN = 80;
export const BITS_MIN = 60;

// Something that begins with a digit or a special is an option, a number or a comment to somebody.
const LETTERS: readonly CharacterClass[] = ['upper', 'lower'];
export const startsOf = ({ starts }: Pick<PasswordProfile, 'starts'>): readonly CharacterClass[] =>
  starts ?? LETTERS;

/** `profile` within `limits`; undefined when nothing good is left of it. */
export const narrowProfile = (
  profile: PasswordProfile,
  limits: PasswordLimits,
): PasswordProfile | undefined => {
  const { lengthMinBytes = 0, lengthMaxBytes = Infinity, forbidden = '' } = limits;
  if (profile.lengthBytes < lengthMinBytes || profile.lengthBytes > lengthMaxBytes)
    return undefined;
  const alphabets: Partial<Record<CharacterClass, string>> = {};
  for (const [name, alphabet] of Object.entries(profile.alphabets)) {
    const left = Array.from(alphabet)
      .filter((each) => !forbidden.includes(each))
      .join('');
    // A class that is empty now was asked for by a policy: another profile has to do.
    if (left.length === 0) return undefined;
    alphabets[name as CharacterClass] = left;
  }
  return { ...profile, alphabets };
};

/** After a login showed that only the first bytes were stored. */
export const learnTruncation = (limits: PasswordLimits, storedBytes: number): PasswordLimits => ({
  ...limits,
  lengthMaxBytes: Math.min(limits.lengthMaxBytes ?? Infinity, storedBytes),
});
