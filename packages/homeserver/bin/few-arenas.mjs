const VARIABLE = 'MALLOC_ARENA_MAX';

/**
 * Starts the program anew in the same process, told to keep few heaps for its threads, unless somebody has said how
 * many: docs/decisions/0009-few-arenas.md. The C library reads that when a program begins. A Node without `execve`
 * is too old for Soma, and is told so later.
 */
export function keepFewArenas() {
  if (process.platform !== 'linux' || VARIABLE in process.env) return;
  const { execPath, execArgv, argv, env } = process;
  process.execve?.(execPath, [execPath, ...execArgv, ...argv.slice(1)], {
    ...env,
    [VARIABLE]: '2',
  });
}
