interface Usage {
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
}

const BAR_LENGTH = 30;
const NAME_LENGTH_MAX = 50;
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A table with a bar for each line, as long as its share of the largest. */
export function usageTable(title: string, usages: readonly Usage[]): string {
  if (usages.length === 0) return `${title}\n  nothing\n`;
  const largest = Math.max(1, ...usages.map(({ bytes }) => bytes));
  const names = usages.map(({ name }) => shorten(name));
  const counts = usages.map(({ count }) => `${count.toLocaleString('en')} files`);
  const sizes = usages.map(({ bytes }) => formatBytes(bytes));
  const widths = [names, counts, sizes].map((each) => Math.max(...each.map((text) => text.length)));
  const [nameWidth = 0, countWidth = 0, sizeWidth = 0] = widths;
  const lines = usages.map(({ bytes }, index) => {
    const name = (names[index] ?? '').padEnd(nameWidth);
    const count = (counts[index] ?? '').padStart(countWidth);
    const size = (sizes[index] ?? '').padStart(sizeWidth);
    const bar = '█'.repeat(Math.ceil((bytes / largest) * BAR_LENGTH));
    return `  ${name}  ${count}  ${size}  ${bar}`.trimEnd();
  });
  return `${title}\n${lines.join('\n')}\n`;
}

export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A name may be as long as its server wants, and hold what moves a terminal's cursor. */
function shorten(name: string): string {
  const plain = name.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
  return plain.length > NAME_LENGTH_MAX ? `${plain.slice(0, NAME_LENGTH_MAX - 1)}…` : plain;
}
