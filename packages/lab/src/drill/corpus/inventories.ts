// Inventories that no machine has (T-17): too much, too deep, of the wrong kind, with keys that are none.

const NESTED = 60;
const MANY = 100_000;
const LONG = 2_000_000;

const card = (mac: string) => ({ name: 'eth0', mac_address: mac });

const good = (mac: string) => ({
  interfaces: [card(mac)],
  disks: [{ name: '/dev/sda', size: 1_000_000_000 }],
  cpu: { count: 1, architecture: 'x86_64' },
  memory: { physical_mb: 1_024 },
  boot: { current_boot_mode: 'uefi' },
  system_vendor: { product_name: 'p', serial_number: 's', manufacturer: 'm' },
  bmc_address: null,
});

const text = (value: unknown): string => JSON.stringify(value);

/** Inventory as text, by what is wrong with it; `mac` is the true card of the machine. */
export const HOSTILE_INVENTORIES: readonly {
  readonly what: string;
  readonly make: (mac: string) => string | Buffer;
}[] = [
  {
    what: 'nested too deep',
    make: (mac) =>
      text(good(mac)).replace(
        '"bmc_address":null',
        `"x":${'['.repeat(NESTED)}${']'.repeat(NESTED)}`,
      ),
  },
  {
    what: '100,000 cards',
    make: (mac) =>
      text({ ...good(mac), interfaces: Array.from({ length: MANY }, () => card(mac)) }),
  },
  {
    what: '65 cards',
    make: (mac) => text({ ...good(mac), interfaces: Array.from({ length: 65 }, () => card(mac)) }),
  },
  {
    what: 'a text of 2 MB',
    make: (mac) => text({ ...good(mac), hostname: 'x'.repeat(LONG) }),
  },
  {
    what: 'a key __proto__',
    make: (mac) => text(good(mac)).replace('"bmc_address":null', '"__proto__":{"isAdmin":true}'),
  },
  {
    what: 'a key constructor',
    make: (mac) =>
      text(good(mac)).replace('"bmc_address":null', '"constructor":{"prototype":{"isAdmin":true}}'),
  },
  { what: 'NUL in a text', make: (mac) => text({ ...good(mac), hostname: 'a\u0000b' }) },
  { what: 'an escape sequence', make: (mac) => text({ ...good(mac), hostname: '\u001b[2J' }) },
  {
    what: 'bytes that are no UTF-8',
    make: (mac) =>
      Buffer.concat([
        Buffer.from(text(good(mac)).slice(0, -1)),
        Buffer.from(',"hostname":"'),
        Buffer.from([0xff, 0xfe, 0xc0, 0xaf]),
        Buffer.from('"}'),
      ]),
  },
  { what: 'cards that are a text', make: (mac) => text({ ...good(mac), interfaces: 'eth0' }) },
  { what: 'a card that is a number', make: (mac) => text({ ...good(mac), interfaces: [1] }) },
  {
    what: 'a MAC that is a list',
    make: (mac) => text({ ...good(mac), interfaces: [{ mac_address: [mac] }] }),
  },
  { what: 'no cards', make: (mac) => text({ ...good(mac), interfaces: [] }) },
  { what: 'a list', make: () => '[]' },
  {
    what: 'a number without end',
    make: (mac) => text(good(mac)).replace('"size":1000000000', '"size":1e999'),
  },
  {
    what: 'a negative size',
    make: (mac) => text({ ...good(mac), disks: [{ name: 'a', size: -1 }] }),
  },
  { what: 'no JSON', make: () => '{"interfaces":[' },
];

/** In order in every way, but for whose card it names. */
export const inventoryWith = (macs: readonly string[]): string =>
  text({ ...good(macs[0] ?? ''), interfaces: macs.map(card) });
