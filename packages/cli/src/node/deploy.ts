// `deploy NODE`: names the image, hands over the config drive, and asks for `active`.

import type { Session } from '../session.ts';
import { type ConfigDriveWish, makeConfigDrive } from './config-drive.ts';
import { type ImageWish, instanceInfoOf } from './image-wish.ts';
import { requestProvision, setInstanceInfo } from './node-calls.ts';

export const deploy = async (
  session: Session,
  node: string,
  image: ImageWish,
  drive: ConfigDriveWish,
): Promise<void> => {
  // Everything local is checked before the node is touched.
  const instanceInfo = instanceInfoOf(image);
  const configDrive = makeConfigDrive(drive);
  await setInstanceInfo(session, node, instanceInfo);
  await requestProvision(
    session,
    node,
    'active',
    configDrive === undefined ? {} : { configdrive: configDrive },
  );
};
