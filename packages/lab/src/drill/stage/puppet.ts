// What "runs" in a machine that a drill plays itself: nothing. It keeps the power on until the power button or a power
// cut, while the drill speaks with the token and key of the boot medium.

const HOUR_MS = 3_600_000;

setInterval(() => undefined, HOUR_MS);
process.on('SIGTERM', () => process.exit(0));
