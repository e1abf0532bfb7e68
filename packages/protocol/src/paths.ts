// Where downloaded and built things are kept between runs: kernels, ramdisks, lab images.

/** `BESSEMER_CACHE`, else the system's cache for root, else the user's. */
export const cacheDirectory = (environment: {
  readonly [name: string]: string | undefined;
}): string => {
  const asked = environment['BESSEMER_CACHE'];
  if (asked !== undefined && asked !== '') return asked;
  const home = environment['HOME'] ?? '/root';
  return home === '/root' ? '/var/cache/bessemer' : `${home}/.cache/bessemer`;
};

/** Relative to the cache directory. */
export const RAMDISK_ISO = 'ramdisk/deploy.iso';
export const LIGHT_RAMDISK_ISO = 'ramdisk/light.iso';
export const RAMDISK_KERNEL = 'ramdisk/deploy.kernel';
export const RAMDISK_INITRAMFS = 'ramdisk/deploy.initramfs';
export const LIGHT_RAMDISK_KERNEL = 'ramdisk/light.kernel';
export const LIGHT_RAMDISK_INITRAMFS = 'ramdisk/light.initramfs';
