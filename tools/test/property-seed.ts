// Gives every property test the same random choices in each run, so that a red run is always the doing of the change
// at hand. SOMA_TEST_SEED names another seed; `random` draws one, and a failing property then prints it.

import fc from 'fast-check';

const wanted = process.env['SOMA_TEST_SEED'] ?? '1';
if (wanted !== 'random') {
  const seed = Number(wanted);
  if (!Number.isSafeInteger(seed)) {
    throw new Error(`SOMA_TEST_SEED is ${wanted}; it must be an integer or "random"`);
  }
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}
