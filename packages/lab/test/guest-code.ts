// Guests of 16-bit code, small enough to be written by hand: they say one letter on the serial port, then
// restart or switch off, as an operating system does.

const COM1 = [0xba, 0xf8, 0x03]; // mov dx, 0x3f8
const say = (text: string): number[] =>
  [...Buffer.from(text)].flatMap((byte) => [0xb0, byte, 0xee]); // mov al, byte; out dx, al
const HALT = [0xf4, 0xeb, 0xfd]; // hlt; jmp to hlt
const POWER_OFF = [0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef]; // out 0x604, 0x2000: ACPI sleep state 5
const RESTART = [0xb0, 0xfe, 0xe6, 0x64]; // out 0x64, 0xfe: the keyboard controller's reset line

/** A boot sector for a disk or an El Torito image. */
export const bootSector = (text: string, end: 'power-off' | 'restart' | 'stay'): Buffer => {
  const ending = { 'power-off': POWER_OFF, restart: RESTART, stay: [] }[end];
  const sector = Buffer.alloc(2048);
  Buffer.from([...COM1, ...say(text), ...ending, ...HALT]).copy(sector);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
};
