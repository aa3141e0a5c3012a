import { figureKinds } from './figures.ts';
import { toRows, type Row, type Sample, type Spread } from './results.ts';

export type Engine = 'sqlite' | 'postgres';

/** What a section says of its scenario. */
interface Subject {
  readonly title: string;
  readonly about: string;
}

/** One scenario's part of the page. */
export interface Section {
  /** Finds the section again in an older page; unique. */
  readonly heading: string;
  readonly text: string;
}

export interface Circumstances {
  /** Of Soma's database; undefined where none is involved. */
  readonly engine: Engine | undefined;
  readonly rounds: number;
  readonly machine: string;
  readonly date: string;
}

const header = [
  '| | figure | Soma | least – most | bare | least – most | Soma/bare |',
  '|---|---|---:|---:|---:|---:|---:|',
];

export function sectionFor(
  scenario: Subject,
  samples: readonly Sample[],
  { engine, rounds, machine, date }: Circumstances,
): Section {
  const heading = headingOf(scenario, engine);
  const facts = `${date}, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}; ${machine}.`;
  return {
    heading,
    text: [heading, '', scenario.about, '', facts, '', tableOf(samples), ''].join('\n'),
  };
}

export function headingOf({ title }: Pick<Subject, 'title'>, engine: Engine | undefined): string {
  if (engine === undefined) return `## ${title}`;
  return `## ${title} (${engine === 'sqlite' ? 'SQLite' : 'PostgreSQL'})`;
}

/** The medians as a Markdown table. */
export function tableOf(samples: readonly Sample[]): string {
  return [...header, ...toRows(samples).map(lineOf)].join('\n');
}

function lineOf(row: Row): string {
  const { title, digits } = figureKinds[row.figure];
  const cells = [
    row.measure,
    title,
    ...spreadCells(row.soma, digits, row.mostWanted),
    ...spreadCells(row.bare, digits),
    ratioCell(row),
  ];
  return `| ${cells.join(' | ')} |`;
}

function spreadCells(
  spread: Spread | undefined,
  digits: number,
  mostWanted?: number,
): [string, string] {
  if (spread === undefined) return ['', ''];
  const write = (value: number): string =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const wanted = mostWanted === undefined ? '' : ` (wanted ≤ ${write(mostWanted)})`;
  return [`${write(spread.median)}${wanted}`, `${write(spread.min)} – ${write(spread.max)}`];
}

function ratioCell({ ratio, ratioWanted }: Row): string {
  if (ratio === undefined) return '';
  const wanted = ratioWanted === undefined ? '' : ` (wanted ≥ ${ratioWanted})`;
  return `${ratio.toFixed(2)}${wanted}`;
}
