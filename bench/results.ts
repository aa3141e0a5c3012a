import { rates, type FigureName, type Figures } from './figures.ts';
import type { TargetName } from './targets/server-under-test.ts';

/** What one measurement gave for one server. */
export interface Sample {
  readonly measure: string;
  /** The same number for the two measurements that were made one right after the other. */
  readonly pair: number;
  readonly server: TargetName;
  readonly figures: Figures;
  /** The least ratio of Soma's rate to the bare reference's that the project wants. */
  readonly ratioWanted?: number | undefined;
  /** The longest p50 that the project wants of Soma. */
  readonly p50WantedUs?: number | undefined;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** One line of a table. */
export interface Row {
  readonly measure: string;
  readonly figure: FigureName;
  readonly soma: Spread | undefined;
  readonly bare: Spread | undefined;
  /** The median of the pairs' ratios Soma/bare: noise that hits both of a pair falls out. */
  readonly ratio: number | undefined;
  readonly ratioWanted: number | undefined;
  /** The most that the project wants of Soma's median. */
  readonly mostWanted: number | undefined;
}

/** The samples of a scenario as table rows, in the order in which they were first taken. */
export function toRows(samples: readonly Sample[]): Row[] {
  const keys = new Map<string, { sample: Sample; figure: FigureName }>();
  for (const sample of samples) {
    for (const figure of figureNames(sample.figures)) {
      const key = `${sample.measure}\n${figure}`;
      if (!keys.has(key)) keys.set(key, { sample, figure });
    }
  }
  return [...keys.values()].map(({ sample, figure }) => toRow(samples, sample, figure));
}

function toRow(samples: readonly Sample[], first: Sample, figure: FigureName): Row {
  const { measure, ratioWanted, p50WantedUs } = first;
  const byPair = (server: TargetName): Map<number, number> =>
    new Map(
      samples
        .filter((sample) => sample.measure === measure && sample.server === server)
        .flatMap(({ pair, figures }) => {
          const value = figures[figure];
          return value === undefined || Number.isNaN(value) ? [] : [[pair, value] as const];
        }),
    );
  const [soma, bare] = [byPair('soma'), byPair('bare')];
  const ratios = [...soma].flatMap(([pair, value]) => {
    const other = bare.get(pair);
    // Times after an answer may be negative, and have no ratio then.
    return other === undefined || value <= 0 || other <= 0 ? [] : [value / other];
  });
  return {
    measure,
    figure,
    soma: spreadOf([...soma.values()]),
    bare: spreadOf([...bare.values()]),
    ratio: spreadOf(ratios)?.median,
    ratioWanted: rates.includes(figure) ? ratioWanted : undefined,
    mostWanted: figure === 'p50Us' ? p50WantedUs : undefined,
  };
}

export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, max] = [sorted.at(0), sorted.at(-1)];
  if (min === undefined || max === undefined) return undefined;
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)] ?? min, sorted[Math.ceil(middle)] ?? max];
  return { median: (low + high) / 2, min, max };
}

function figureNames(figures: Figures): FigureName[] {
  return Object.keys(figures).filter((name): name is FigureName => name in figures);
}
