import { readFileSync } from 'node:fs';

export interface CodeBlock {
  readonly text: string;
  /** The line on which the block's own text begins, counted from 1. */
  readonly line: number;
}

/** The fenced blocks of a language in a Markdown file. */
export function codeBlocks(path: string, language: string): CodeBlock[] {
  return codeBlocksOf(readFileSync(path, 'utf8'), language);
}

/** The fenced blocks of a language in a text. */
export function codeBlocksOf(markdown: string, language: string): CodeBlock[] {
  const blocks = [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return blocks
    .filter(([, name]) => name === language)
    .map(({ 2: text = '', index }) => ({
      text,
      line: markdown.slice(0, index).split('\n').length + 1,
    }));
}
