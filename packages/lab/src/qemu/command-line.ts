// QEMU's arguments for one start of a machine. The boot order is decided anew at every start, by `bootindex`
// of the devices: both firmwares obey it, and it needs no cooperation of the guest.

import type { BootSource, FirmwareMode, MachineFacts } from '#bmc/power-model';
import type { DiskSpec } from '../lab-disk.ts';

const OVMF = '/usr/share/OVMF';
export const FIRMWARE_FILES = {
  code: `${OVMF}/OVMF_CODE_4M.fd`,
  variables: `${OVMF}/OVMF_VARS_4M.fd`,
  secureCode: `${OVMF}/OVMF_CODE_4M.secboot.fd`,
  secureVariables: `${OVMF}/OVMF_VARS_4M.ms.fd`,
} as const;

export const CD_DEVICE = 'cdrom0';

/** What loads the first file of a network boot: iPXE in the card, or the firmware's own PXE (UEFI only). */
export type NetworkLoader = 'card' | 'firmware';

export type QemuStart = {
  readonly facts: MachineFacts;
  readonly mode: FirmwareMode;
  readonly isSecureBootOn: boolean;
  readonly source: BootSource;
  /** Writable copy of the UEFI variables. */
  readonly variablesFile: string;
  readonly disks: readonly DiskSpec[];
  readonly medium: string | null;
  /** null: a card without a cable. */
  readonly tap: string | null;
  readonly networkLoader: NetworkLoader;
  /** null: the machine sees no BMC. */
  readonly kcsSocket: string | null;
  readonly serialLog: string;
  readonly qmpSocket: string;
  readonly acceleration: 'tcg' | 'kvm';
  /** Stopped before the first instruction; for tests of the wiring. */
  readonly isPaused: boolean;
};

export const qemuArguments = (start: QemuStart): readonly string[] => [
  '-nodefaults',
  '-display',
  'none',
  '-monitor',
  'none',
  '-name',
  start.facts.name,
  ...firmware(start),
  '-accel',
  start.acceleration === 'kvm' ? 'kvm' : 'tcg,thread=multi',
  ...(start.acceleration === 'kvm' ? ['-cpu', 'host'] : []),
  '-smp',
  String(start.facts.cpuCount),
  '-m',
  String(start.facts.memoryMiB),
  ...identity(start.facts),
  ...cdrom(start),
  ...start.disks.flatMap((disk, index) => diskArguments(disk, index)),
  ...card(start),
  ...(start.source === 'network-http' ? HTTP_ONLY : []),
  ...systemInterface(start),
  '-device',
  'virtio-rng-pci',
  '-chardev',
  `file,id=serial0,path=${escaped(start.serialLog)},append=on`,
  '-serial',
  'chardev:serial0',
  '-qmp',
  `unix:${escaped(start.qmpSocket)},server=on,wait=off`,
  // A restart or power-off by the guest stops the machine and waits: the lab reads the event and decides, so
  // no event is lost with the process, and a restart obeys the boot plan like any other start.
  '-action',
  'reboot=shutdown,shutdown=pause',
  ...(start.isPaused ? ['-S'] : []),
];

/** A comma ends an option in QEMU's arguments; a doubled one does not. */
const escaped = (path: string): string => path.replaceAll(',', ',,');

const firmware = (start: QemuStart): readonly string[] => {
  if (start.mode === 'bios') return ['-machine', 'q35'];
  const code = start.isSecureBootOn ? FIRMWARE_FILES.secureCode : FIRMWARE_FILES.code;
  return [
    '-machine',
    start.isSecureBootOn ? 'q35,smm=on' : 'q35',
    '-drive',
    `if=pflash,format=raw,unit=0,readonly=on,file=${code}`,
    '-drive',
    `if=pflash,format=raw,unit=1,file=${escaped(start.variablesFile)}`,
    ...(start.isSecureBootOn
      ? [
          '-global',
          'driver=cfi.pflash01,property=secure,value=on',
          '-global',
          'ICH9-LPC.disable_s3=1',
        ]
      : []),
  ];
};

const identity = (facts: MachineFacts): readonly string[] => [
  '-uuid',
  facts.uuid,
  '-smbios',
  `type=1,manufacturer=${escaped(facts.manufacturer)},product=${escaped(facts.model)},serial=${escaped(facts.serial)}`,
];

const cdrom = (start: QemuStart): readonly string[] => [
  '-device',
  'ahci,id=ahci1',
  '-drive',
  // The tray is always there; media come and go.
  `if=none,id=cd0,media=cdrom,readonly=on${start.medium === null ? '' : `,format=raw,file=${escaped(start.medium)}`}`,
  '-device',
  `ide-cd,id=${CD_DEVICE},bus=ahci1.0,drive=cd0${start.source === 'cdrom' ? ',bootindex=0' : ''}`,
];

const DISK_DEVICES = {
  virtio: () => 'virtio-blk-pci',
  nvme: () => 'nvme',
  // Port 0 of the controller is the virtual CD.
  sata: (index: number) => `ide-hd,bus=ahci1.${index + 1}`,
} as const;

const diskArguments = (disk: DiskSpec, index: number): readonly string[] => [
  '-drive',
  // The host keeps what it was given when a machine loses power, so flushes need not reach the host's disk.
  `if=none,id=drive${index},format=${disk.format},file=${escaped(disk.path)},discard=unmap,detect-zeroes=unmap,cache=unsafe`,
  '-device',
  `${DISK_DEVICES[disk.bus](index)},id=disk${index},drive=drive${index},serial=${disk.serial},bootindex=${10 + index}`,
];

/** /dev/ipmi0 of the guest. A BMC that restarts is found again. */
const systemInterface = ({ kcsSocket }: QemuStart): readonly string[] =>
  kcsSocket === null
    ? []
    : [
        '-chardev',
        `socket,id=ipmi0,path=${escaped(kcsSocket)},reconnect=2`,
        '-device',
        'ipmi-bmc-extern,id=bmc0,chardev=ipmi0',
        '-device',
        'isa-ipmi-kcs,bmc=bmc0',
      ];

/** OVMF tries PXE before HTTP, and each attempt without an answer takes it a minute. */
const HTTP_ONLY = ['IPv4PXESupport', 'IPv6PXESupport'].flatMap((name) => [
  '-fw_cfg',
  `name=opt/org.tianocore/${name},string=n`,
]);

const card = (start: QemuStart): readonly string[] => {
  const [mac = ''] = start.facts.macs;
  const isNetwork = start.source === 'network' || start.source === 'network-http';
  const order = isNetwork ? ',bootindex=1' : '';
  // Without an order the firmware does not try the network: each attempt would take a minute.
  const isFromCard = start.source === 'network' && start.networkLoader === 'card';
  const rom = isFromCard ? '' : ',romfile=';
  const device = `virtio-net-pci,id=nic0,mac=${mac}${order}${rom}`;
  if (start.tap === null) return ['-device', device];
  return [
    '-netdev',
    `tap,id=net0,ifname=${start.tap},script=no,downscript=no`,
    '-device',
    `${device},netdev=net0`,
  ];
};
