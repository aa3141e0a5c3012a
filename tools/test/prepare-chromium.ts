import { join } from 'node:path';

import { chromium, installProgram, installsPrograms } from './system-programs.ts';

/**
 * The path of the browser that tests of pages use, installed first where that is ours to do. Gives
 * undefined, after saying how to get it, where there is none and its tests are skipped.
 *
 * @throws where it must be there (root on Debian) and cannot be had
 */
export function prepareChromium(): string | undefined {
  if (chromium.find() === undefined && installsPrograms()) installProgram(chromium);
  const folder = chromium.find();
  if (folder !== undefined) return join(folder, 'chromium');
  if (installsPrograms()) throw new Error('Chromium was installed and yet is not found');
  console.log(`Chromium is missing, its tests are skipped; to run them, ${chromium.advice}`);
  return undefined;
}
