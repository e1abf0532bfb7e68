// The commands by which our agent asks the BMC of its machine from inside, where no login is needed. What they
// take and answer; a stock agent has none of them. No answer ever has a password in it.

export const BMC_COMMANDS = {
  getInfo: 'bmc.get_info',
  listUsers: 'bmc.list_users',
  setUser: 'bmc.set_user',
  disableUser: 'bmc.disable_user',
  redfishBootstrap: 'bmc.redfish_bootstrap',
} as const;

/** IPMI's levels of privilege by their number. */
export const BMC_PRIVILEGES = {
  callback: 1,
  user: 2,
  operator: 3,
  administrator: 4,
  oem: 5,
  none: 15,
} as const;

export type BmcPrivilege = keyof typeof BMC_PRIVILEGES;

export const BMC_NAME_BYTES_MAX = 16;
export const BMC_PASSWORD_BYTES_MAX = 20;
/** User 1 has no name, by the standard. */
export const BMC_ANONYMOUS_USER_ID = 1;

export type BmcChannel = {
  readonly number: number;
  /** As IPMI numbers them; 4 is a wired network. */
  readonly medium: number;
  /** Whether logins are taken: 0 never, 1 before the system starts, 2 always, 3 shared. */
  readonly accessMode: number | null;
  readonly privilegeLimit: number | null;
  /** IPv4 in dotted form; null: none is set, or it is not told. */
  readonly address: string | null;
  readonly mac: string | null;
};

/** What SMBIOS says of a network between the machine and the Redfish service of its BMC. */
export type BmcHostInterface = {
  readonly device:
    | { readonly kind: 'usb'; readonly vendorId: number; readonly productId: number }
    | { readonly kind: 'pci'; readonly vendorId: number; readonly deviceId: number }
    | { readonly kind: 'other'; readonly type: number };
  readonly serviceUuid: string;
  readonly hostAddress: string | null;
  readonly hostMask: string | null;
  /** Where it comes from: 1 static, 2 DHCP, 3 automatic, 4 chosen by the machine. */
  readonly hostAssignment: number;
  readonly serviceAddress: string | null;
  readonly servicePort: number;
  readonly serviceHostname: string;
};

export type BmcInfo = {
  readonly ipmi_version: string;
  readonly manufacturer_id: number;
  readonly product_id: number;
  readonly firmware: string;
  readonly channels: readonly BmcChannel[];
  readonly redfish_host_interface: BmcHostInterface | null;
  readonly limits: {
    readonly users_max: number;
    readonly name_bytes_max: number;
    readonly password_bytes_max: number;
  };
};

export type BmcUser = {
  readonly user_id: number;
  /** Empty: nobody has this place. */
  readonly username: string;
  /** Null where the BMC does not tell. */
  readonly enabled: boolean | null;
  readonly name_fixed: boolean;
  /** On the channel that was asked about. */
  readonly privilege: BmcPrivilege;
  /** May send commands when logged in. */
  readonly messaging: boolean;
};

export type BmcUserList = {
  readonly channel: number;
  readonly users_max: number;
  readonly users: readonly BmcUser[];
};

/** Parameters of `bmc.set_user`. */
export type BmcUserWish = {
  /** Without it: the user of that name, else the first place that nobody has. */
  readonly slot_user_id?: number;
  readonly username: string;
  readonly password: string;
  readonly privilege: BmcPrivilege;
  /** Without it: every wired network channel. */
  readonly channel?: number;
};

export type BmcUserSet = {
  readonly user: BmcUser;
  readonly channels: readonly number[];
};
