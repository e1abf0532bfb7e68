// Fields that commands about users share. What does not fit is refused here: a BMC would cut it.

import { Refusal } from '@bessemer/protocol/errors/refusal';

const NAME_BYTES = 16;
const USER_ID_MAX = 63;

export const requireUserId = (userId: number): number => {
  if (Number.isInteger(userId) && userId >= 1 && userId <= USER_ID_MAX) return userId;
  throw new Refusal(400, `An IPMI user number is from 1 to ${USER_ID_MAX}`);
};

export const nameField = (name: string): Buffer => {
  const bytes = Buffer.from(name);
  if (bytes.length > NAME_BYTES || bytes.includes(0)) {
    throw new Refusal(400, `An IPMI user name has at most ${NAME_BYTES} bytes, none of them zero`);
  }
  return Buffer.concat([bytes, Buffer.alloc(NAME_BYTES - bytes.length)]);
};
