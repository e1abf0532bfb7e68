// What a user, a channel or a session may do. Each level includes those before it.

export const PRIVILEGES = {
  callback: 1,
  user: 2,
  operator: 3,
  administrator: 4,
} as const;

export type Privilege = keyof typeof PRIVILEGES;

/** Levels as they are read from a BMC; 0, 5 (OEM) and 15 (no access) are among them. */
export const privilegeName = (level: number): Privilege | 'none' | 'oem' => {
  const found = Object.entries(PRIVILEGES).find(([, each]) => each === level);
  return found === undefined ? (level === 5 ? 'oem' : 'none') : (found[0] as Privilege);
};
