// Keys of driver_info about the deployment ramdisk, the same for each protocol that a BMC is spoken to with.

export const RAMDISK_PROPERTIES: { readonly [key: string]: string } = {
  deploy_kernel:
    'Kernel of the deployment ramdisk for boots over the network; default: the one that the service is configured with.',
  deploy_ramdisk: 'Initial RAM file system that goes with deploy_kernel.',
  kernel_append_params:
    'Kernel arguments for boots over the network; the word %default% stands for those of the configuration.',
  agent_poll_only: 'Whether the service polls the agent, which then never calls: true or false.',
  agent_min_trust: 'Least trust level of the agent, 0 to 3; raises [agent] min_trust_level.',
};
