import type { Handler, Parser } from 'htmlparser2';

import { attributesMax, depthMax, elementsMax, imagesMax, metaTagsMax } from './limits.ts';
import { textCharactersMax, titleCharactersMax } from './limits.ts';
import type { OembedLink, PageFacts, PageImage } from './page-facts.ts';
import { ReadableText } from './readable-text.ts';

/** An element whose attributes are still coming in. */
interface OpenElement {
  readonly name: string;
  readonly attributes: Map<string, string>;
}

const TITLES: ReadonlySet<string> = new Set(['title', 'h1', 'h2', 'h3']);
const OPEN_GRAPH = /^(?:og|article|profile):/;
const OEMBED = /^(?:application\/(json)|(?:text|application)\/xml)\+oembed\b/i;

/** Takes what the parser finds. Only what a preview can be made of is kept, each within its limit. */
export class DocumentReader implements Partial<Handler> {
  /** Nothing more is read. */
  isFull = false;
  #parser: Parser | undefined;
  readonly #text = new ReadableText();
  readonly #openGraph = new Map<string, string>();
  readonly #twitter = new Map<string, string>();
  readonly #images: PageImage[] = [];
  readonly #embeds: string[] = [];
  readonly #oembedLinks: OembedLink[] = [];
  #description: string | undefined;
  #itemImage: string | undefined;
  #base: string | undefined;
  #title: string | undefined;
  /** The title or heading that is being read. */
  #heading: { readonly depth: number; text: string } | undefined;
  #opened: OpenElement | undefined;
  #attributes = 0;
  #elements = 0;
  #depth = 0;

  onparserinit(parser: Parser): void {
    this.#parser = parser;
  }

  onopentagname(name: string): void {
    this.#settle();
    this.#elements += 1;
    this.#depth += 1;
    this.#attributes = 0;
    this.#opened = { name, attributes: new Map() };
    if (this.#elements > elementsMax || this.#depth > depthMax) this.#stop();
  }

  onattribute(name: string, value: string): void {
    this.#attributes += 1;
    if (this.#attributes > attributesMax) this.#stop();
    const attributes = this.#opened?.attributes;
    if (attributes?.has(name) === false) attributes.set(name, value.slice(0, textCharactersMax));
  }

  ontext(text: string): void {
    this.#settle();
    this.#text.add(text);
    if (this.#heading !== undefined && this.#heading.text.length < titleCharactersMax) {
      this.#heading.text += text.slice(0, titleCharactersMax);
    }
  }

  onclosetag(name: string): void {
    this.#settle();
    this.#text.close(name, this.#depth);
    if (this.#heading !== undefined && this.#depth <= this.#heading.depth) {
      const title = oneLine(this.#heading.text);
      if (title !== '') this.#title ??= title;
      this.#heading = undefined;
    }
    this.#depth -= 1;
  }

  facts(): PageFacts {
    return {
      openGraph: this.#openGraph,
      twitter: this.#twitter,
      title: this.#title,
      description: this.#description,
      itemImage: this.#itemImage,
      images: this.#images,
      embeds: this.#embeds,
      oembedLinks: this.#oembedLinks,
      base: this.#base,
      paragraphs: this.#text.paragraphs(),
    };
  }

  #stop(): void {
    this.isFull = true;
    this.#parser?.pause();
  }

  /** The last element that was opened has all its attributes. */
  #settle(): void {
    const element = this.#opened;
    if (element === undefined) return;
    this.#opened = undefined;
    const { name, attributes } = element;
    // The title of a drawing is hidden as all of it is.
    if (
      TITLES.has(name) &&
      this.#title === undefined &&
      !(name === 'title' && this.#text.isHidden)
    ) {
      this.#heading ??= { depth: this.#depth, text: '' };
    }
    this.#text.open(name, attributes.get('role'), this.#depth);
    this.#take(name, attributes);
  }

  #take(name: string, attributes: ReadonlyMap<string, string>): void {
    const src = attributes.get('src')?.trim();
    switch (name) {
      case 'meta':
        this.#takeMeta(attributes);
        break;
      case 'link':
        this.#takeLink(attributes);
        break;
      case 'base':
        this.#base ??= attributes.get('href');
        break;
      case 'img':
        if (isAddress(src) && this.#images.length < imagesMax) {
          this.#images.push({ src, pixels: pixelsOf(attributes) });
        }
        break;
      case 'video':
      case 'embed':
      case 'iframe':
        if (isAddress(src) && this.#embeds.length < imagesMax) this.#embeds.push(src);
        break;
      default:
        break;
    }
  }

  #takeMeta(attributes: ReadonlyMap<string, string>): void {
    const content = attributes.get('content')?.trim() ?? '';
    if (content === '') return;
    if (attributes.get('itemprop')?.toLowerCase() === 'image') this.#itemImage ??= content;
    // Which of the two it should be depends on the vocabulary, and is often confused.
    for (const attribute of ['property', 'name']) {
      const name = attributes.get(attribute)?.trim().toLowerCase() ?? '';
      if (name === 'description') this.#description ??= content;
      if (OPEN_GRAPH.test(name)) addTo(this.#openGraph, name, content);
      if (name.startsWith('twitter:')) addTo(this.#twitter, name, content);
    }
  }

  #takeLink(attributes: ReadonlyMap<string, string>): void {
    const relation = attributes.get('rel')?.toLowerCase() ?? '';
    const type = OEMBED.exec(attributes.get('type') ?? '');
    const href = attributes.get('href')?.trim();
    // Some sites write `alternative`.
    if (!/\balternat(?:e|ive)\b/.test(relation) || type === null || !isAddress(href)) return;
    if (this.#oembedLinks.length >= imagesMax) return;
    this.#oembedLinks.push({ href, format: type[1] === undefined ? 'xml' : 'json' });
  }
}

function addTo(tags: Map<string, string>, name: string, content: string): void {
  if (tags.size < metaTagsMax && !tags.has(name)) tags.set(name, content);
}

/** A `data:` URL is no address: it stands for what a script loads later. */
function isAddress(text: string | undefined): text is string {
  return text !== undefined && text !== '' && !/^data:/i.test(text);
}

/** 0 for what is too small to be a picture of anything. */
function pixelsOf(attributes: ReadonlyMap<string, string>): number {
  const width = Number(attributes.get('width') ?? 0);
  const height = Number(attributes.get('height') ?? 0);
  return width > 10 && height > 10 && Number.isFinite(width * height) ? width * height : 0;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
