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
  { username: 'ADMIN', password: 'ADMIN', maker: 'supermicro' },
  { username: 'USERID', password: 'PASSW0RD', maker: 'lenovo' },
  { username: 'USERID', password: 'PASSW0RD', maker: 'ibm' },
  { username: 'root', password: 'changeme', maker: 'oracle' },
  { username: 'root', password: 'Huawei12#', maker: 'huawei' },
  { username: 'Administrator', password: 'Admin@9000', maker: 'huawei' },
  { username: 'admin', password: 'admin', maker: 'fujitsu' },
  { username: 'admin', password: 'password', maker: 'cisco' },
  { username: 'root', password: 'superuser', maker: 'intel' },
  { username: 'root', password: '0penBmc', maker: 'openbmc' },
  { username: 'ADMIN', password: 'ADMIN' },
  { username: 'USERID', password: 'PASSW0RD' },
  { username: 'root', password: '0penBmc' },
  { username: 'admin', password: 'admin' },
  { username: 'Administrator', password: 'password' },
];

/** What to try on the account; an empty password where no maker is known for the name. */
export const likelyPassword = (username: string, manufacturer: string | null): string => {
  const named = FACTORY_LOGINS.filter((each) => each.username === username);
  const told = manufacturer?.toLowerCase() ?? '';
  const ofMaker = named.find(({ maker }) => maker !== undefined && told.includes(maker));
  return (ofMaker ?? named.find(({ maker }) => maker === undefined))?.password ?? '';
};
