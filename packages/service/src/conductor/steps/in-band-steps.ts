// The steps that every agent has by itself, as machines that only pretend to have one offer them.

import type { StepListKind } from '#drivers/driver';

type Names = readonly (readonly [interfaceKind: string, step: string])[];

export const IN_BAND_STEPS: { readonly [kind in StepListKind]: Names } = {
  clean: [
    ['deploy', 'erase_devices'],
    ['deploy', 'erase_devices_metadata'],
    ['deploy', 'erase_devices_express'],
    ['deploy', 'erase_pstore'],
    ['deploy', 'clean_uefi_nvram'],
    ['raid', 'delete_configuration'],
    ['raid', 'create_configuration'],
    ['deploy', 'burnin_cpu'],
    ['deploy', 'burnin_gpu'],
    ['deploy', 'burnin_disk'],
    ['deploy', 'burnin_memory'],
    ['deploy', 'burnin_network'],
  ],
  deploy: [
    ['deploy', 'erase_devices_metadata'],
    ['raid', 'apply_configuration'],
    ['deploy', 'clean_uefi_nvram'],
    ['deploy', 'write_image'],
    ['deploy', 'inject_files'],
    ['deploy', 'execute_bootc_install'],
  ],
  service: [
    ['raid', 'delete_configuration'],
    ['raid', 'apply_configuration'],
    ['raid', 'create_configuration'],
    ['deploy', 'burnin_cpu'],
    ['deploy', 'burnin_gpu'],
    ['deploy', 'burnin_memory'],
    ['deploy', 'burnin_network'],
    ['deploy', 'write_image'],
    ['deploy', 'inject_files'],
    ['deploy', 'execute_bootc_install'],
  ],
};
