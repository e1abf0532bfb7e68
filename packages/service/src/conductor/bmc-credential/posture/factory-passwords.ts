// Passwords that makers give their BMCs, as their manuals say; see docs/concepts/bmc-limits.md for where. One is tried
// per account and audit, so the list needs no more than the likeliest per name.

type FactoryLogin = {
  readonly username: string;
  readonly password: string;
  /** In the manufacturer's name as the machine tells it; absent: of many makers. */
  readonly maker?: string;
};

const FACTORY_LOGINS: readonly FactoryLogin[] = [
  { username: 'root', password: 'calvin', maker: 'dell' },
  { username: 'root', password: 'changeme', maker: 'oracle' },
  { username: 'root', password: '0penBmc' },
  { username: 'ADMIN', password: 'ADMIN' },
  { username: 'USERID', password: 'PASSW0RD' },
  { username: 'admin', password: 'admin' },
];

/** What to try on the account; an empty password where no maker is known for the name. */
export const likelyPassword = (username: string, manufacturer: string | null): string => {
  const named = FACTORY_LOGINS.filter((each) => each.username === username);
  const told = manufacturer?.toLowerCase() ?? '';
  const ofMaker = named.find(({ maker }) => maker !== undefined && told.includes(maker));
  return (ofMaker ?? named.find(({ maker }) => maker === undefined))?.password ?? '';
};
