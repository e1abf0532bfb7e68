// A discovered machine is cleaned, deployed, given back and cleaned again with passwords that nobody has seen.

import { testDiscoveredMachine } from '../../harness/discovered-machine.ts';

testDiscoveredMachine({ isUsed: true });
