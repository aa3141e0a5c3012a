// After npm packed: the workspace is as it was, with its sources as exports.

import { renameSync, rmSync } from 'node:fs';

renameSync('dist/workspace-package.json', 'package.json');
rmSync('LICENSE');
rmSync('dist', { recursive: true });
