import { textCharactersMax } from './limits.ts';

/** Elements whose content readers do not see, or which is not what the page is about. */
const HIDDEN: ReadonlySet<string> = new Set([
  'aside',
  'button',
  'canvas',
  'datalist',
  'dialog',
  'footer',
  'header',
  'iframe',
  'nav',
  'noscript',
  'object',
  'picture',
  'script',
  'select',
  'style',
  'svg',
  'template',
  'textarea',
  'title',
  'video',
]);
const HIDDEN_ROLES: ReadonlySet<string> = new Set(['directory', 'menu', 'menubar', 'toolbar']);

/** Elements within a paragraph. */
const INLINE: ReadonlySet<string> = new Set(
  (
    'a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark q rp rt ruby s samp ' +
    'small span strike strong sub sup time tt u var wbr'
  ).split(' '),
);

/** Collects the text of a document that is there to be read, in paragraphs. */
export class ReadableText {
  readonly #paragraphs: string[] = [];
  #paragraph = '';
  #characters = 0;
  /** The depth of the outermost hidden element that is open. */
  #hiddenDepth: number | undefined;

  get isHidden(): boolean {
    return this.#hiddenDepth !== undefined;
  }

  open(name: string, role: string | undefined, depth: number): void {
    if (!INLINE.has(name)) this.#endParagraph();
    if (this.#hiddenDepth !== undefined) return;
    if (HIDDEN.has(name) || HIDDEN_ROLES.has(role ?? '')) this.#hiddenDepth = depth;
  }

  close(name: string, depth: number): void {
    if (!INLINE.has(name)) this.#endParagraph();
    if (this.#hiddenDepth !== undefined && depth <= this.#hiddenDepth) {
      this.#hiddenDepth = undefined;
    }
  }

  add(text: string): void {
    if (this.isHidden || this.#characters >= textCharactersMax) return;
    const line = text.replaceAll(/\s+/g, ' ');
    const isSpaced = this.#paragraph === '' || this.#paragraph.endsWith(' ');
    const added = (isSpaced && line.startsWith(' ') ? line.slice(1) : line).slice(
      0,
      textCharactersMax - this.#characters,
    );
    this.#paragraph += added;
    this.#characters += added.length;
  }

  paragraphs(): readonly string[] {
    this.#endParagraph();
    return this.#paragraphs;
  }

  #endParagraph(): void {
    if (this.#paragraph === '') return;
    this.#paragraphs.push(this.#paragraph.trimEnd());
    this.#paragraph = '';
  }
}
