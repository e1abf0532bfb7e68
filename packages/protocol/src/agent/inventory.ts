// What an agent says about its machine; the shape of the stock agent, field by field.

export type InventoryInterface = {
  readonly name: string;
  readonly mac_address: string;
  readonly ipv4_address: string | null;
  readonly ipv6_address: string | null;
  readonly has_carrier: boolean;
  /** Pairs of TLV type and value in hex. */
  readonly lldp: readonly (readonly [number, string])[] | null;
  readonly vendor: string | null;
  readonly product: string | null;
  readonly client_id: string | null;
  readonly biosdevname: string | null;
  readonly speed_mbps: number | null;
  readonly pci_address: string | null;
  readonly driver: string | null;
};

export type InventoryDisk = {
  readonly name: string;
  readonly model: string | null;
  /** Bytes. */
  readonly size: number;
  readonly rotational: boolean;
  readonly wwn: string | null;
  readonly serial: string | null;
  readonly vendor: string | null;
  readonly wwn_with_extension: string | null;
  readonly wwn_vendor_extension: string | null;
  readonly hctl: string | null;
  readonly by_path: string | null;
  /** Bytes of a logical sector, whatever the name says. */
  readonly logical_sectors: number;
  readonly physical_sectors: number;
  readonly tran: string | null;
};

export type Inventory = {
  readonly interfaces: readonly InventoryInterface[];
  readonly cpu: {
    readonly model_name: string;
    readonly frequency: string;
    readonly count: number;
    readonly architecture: string;
    readonly flags: readonly string[];
    readonly socket_count: number;
  };
  readonly disks: readonly InventoryDisk[];
  readonly memory: { readonly total: number; readonly physical_mb: number };
  readonly bmc_address: string | null;
  readonly bmc_v6address: string | null;
  readonly bmc_mac?: string;
  readonly system_vendor: {
    readonly product_name: string;
    readonly serial_number: string;
    readonly manufacturer: string;
    readonly firmware: {
      readonly vendor: string;
      readonly version: string;
      readonly build_date: string;
    };
  };
  readonly boot: {
    readonly current_boot_mode: 'uefi' | 'bios';
    readonly pxe_interface: string | null;
  };
  readonly hostname: string;
  /** Ours: as SMBIOS names it. Left out where the machine does not say. */
  readonly system_uuid?: string;
};
