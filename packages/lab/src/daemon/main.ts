// The process that holds a lab: `main.ts DIR`. Tells its parent when the BMCs answer, and ends on SIGTERM or
// by the control socket, with all that it started.

import { systemClock } from '../clock.ts';
import { LabFailure } from '../lab-failure.ts';
import { labFiles, readLabSpec } from '../lab-spec.ts';
import { startLab } from '../lab.ts';
import { startControlServer } from './control-server.ts';

const run = async (directory: string): Promise<void> => {
  const spec = await readLabSpec(directory);
  if (spec === undefined) throw new LabFailure(`there is no lab in ${directory}`);
  const lab = await startLab(spec, { clock: systemClock });
  let isEnding = false;
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    void control
      .close()
      .then(() => lab.close())
      .then(() => process.exit(0));
  };
  const control = await startControlServer(lab, labFiles(directory).control, end);
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.stdout.write(`lab ${spec.name} is up with ${spec.machines.length} machines\n`);
  process.send?.('ready');
  if (process.connected) process.disconnect();
};

run(process.argv[2] ?? '.').catch((error: unknown) => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
