const NODE_MAJOR_MIN = 24;

/** Ends the process with a clear message where Node is too old for the rest of the program. */
export function checkNodeVersion(): void {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) return;
  process.stderr.write(
    `Soma needs Node ${NODE_MAJOR_MIN} or newer and was started with ${process.version}. ` +
      'Run "npm ci", then "npm start": that brings the right Node along and uses it.\n',
  );
  process.exit(1);
}
