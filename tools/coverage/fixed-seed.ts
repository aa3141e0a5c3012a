// Gives every property test the same random choices in each run: what they reach must not be left to chance.

import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1 });
