// What the operator allows of images, as the image checks want it.

import type { ImageRules } from '#media/image-source';

import type { ConductorOptions } from '../conductor-parts.ts';

export const imageRules = (
  options: Pick<ConductorOptions, 'imageNetworks' | 'imageDirectories'>,
): ImageRules => ({
  allowedNetworks: options.imageNetworks,
  fileDirectories: options.imageDirectories,
});
