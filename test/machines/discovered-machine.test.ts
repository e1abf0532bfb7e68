// Nobody enrolled it, and everybody knows the password of its BMC. What becomes of it later is in more/.

import { testDiscoveredMachine } from '../harness/discovered-machine.ts';

testDiscoveredMachine({ isUsed: false });
