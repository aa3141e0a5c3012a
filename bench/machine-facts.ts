import { availableParallelism, cpus, totalmem } from 'node:os';

/** What a reader needs to judge the figures; no names and no paths. */
export function machineFacts(): string {
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const { platform, arch, versions } = process;
  return (
    `${availableParallelism()} cores (${model}), ${gigabytes} GiB, ${platform} ${arch}, ` +
    `Node ${versions.node}, SQLite ${versions['sqlite'] ?? 'unknown'}`
  );
}
