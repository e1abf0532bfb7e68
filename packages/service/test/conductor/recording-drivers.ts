// Drivers that write down what was asked of the machine, one line each, before they do it. The file outlives the
// process, as a machine would.

import { appendFileSync } from 'node:fs';

import type { DriverRegistry, NodeDriver } from '#drivers/driver';

export const recordingDrivers = (registry: DriverRegistry, path: string): DriverRegistry => {
  const record = (what: string): void => appendFileSync(path, `${what}\n`);
  const wrap = ({ rescue, ...driver }: NodeDriver): NodeDriver => ({
    ...driver,
    power: {
      ...driver.power,
      setState: (node, target, options) => {
        record(`power ${target}`);
        return driver.power.setState(node, target, options);
      },
    },
    boot: {
      ...driver.boot,
      prepareInstance: (node) => {
        record('boot prepareInstance');
        return driver.boot.prepareInstance(node);
      },
    },
    deploy:
      driver.deploy.kind === 'simulated'
        ? { ...driver.deploy, work: recordingWork(driver.deploy.work, record) }
        : driver.deploy,
    ...(rescue === undefined
      ? {}
      : {
          rescue: {
            ...rescue,
            rescue: (node) => {
              record('rescue');
              return rescue.rescue(node);
            },
            unrescue: (node) => {
              record('unrescue');
              return rescue.unrescue(node);
            },
          },
        }),
  });
  return { ...registry, driverOf: (node) => wrap(registry.driverOf(node)) };
};

type Work = Extract<NodeDriver['deploy'], { readonly kind: 'simulated' }>['work'];

const recordingWork = (work: Work, record: (what: string) => void): Work => ({
  deploy: (node) => {
    record('work deploy');
    return work.deploy(node);
  },
  clean: (node) => {
    record('work clean');
    return work.clean(node);
  },
  inspect: (node) => {
    record('work inspect');
    return work.inspect(node);
  },
});
