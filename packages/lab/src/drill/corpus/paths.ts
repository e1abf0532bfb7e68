// Paths by which a server that hands out files may be led to others (T-31).

const TARGETS = ['etc/passwd', 'proc/self/environ', 'data/keys/kek', 'data/ca/ca.key'];

const UPS: readonly string[] = [
  '../',
  '..%2f',
  '%2e%2e/',
  '%2e%2e%2f',
  '..%252f',
  '%252e%252e%252f',
  '..\\',
  '..%5c',
  '..%c0%af',
  '%c0%ae%c0%ae/',
  '..%ef%bc%8f',
  '....//',
  '..;/',
  '.%00./',
];

const ROOTS = ['/', '/netboot/', '/media/', '/images/', '/netboot/by-mac/'];

const climbing = ROOTS.flatMap((root) =>
  UPS.flatMap((up) => TARGETS.map((target) => `${root}${up.repeat(8)}${target}`)),
);

export const HOSTILE_PATHS: readonly string[] = [
  ...climbing,
  '//etc/passwd',
  '/netboot//etc/passwd',
  '/netboot/%2fetc%2fpasswd',
  '/netboot/boot.ipxe%00.png',
  '/netboot/boot.ipxe/../../../etc/passwd',
  '/netboot/snponly.efi/../snponly.efi/../../etc/passwd',
  '/netboot/by-mac/..%2f..%2fboot.ipxe',
  '/netboot/id/signature/expires/..%2f..%2fkernel',
  '/netboot/id/signature/expires/kernel%00',
  '/netboot/id/signature/expires/KERNEL',
  '/netboot/id/signature/expires/.kernel',
  '/media/id/signature/expires/boot.iso%00',
  '/images/id/signature/expires/..%2f..%2fetc%2fpasswd',
  '/netboot/\u0000',
  'http://127.0.0.1/etc/passwd',
  '*',
];
