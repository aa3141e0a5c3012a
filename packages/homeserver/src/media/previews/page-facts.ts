/** What a document says that a preview can be made of, in the order of the document. */
export interface PageFacts {
  /** By name, such as `og:title` or `article:author`. Of a name that is given more than once, the first. */
  readonly openGraph: ReadonlyMap<string, string>;
  /** By name, such as `twitter:title`. */
  readonly twitter: ReadonlyMap<string, string>;
  /** Of the title, or of the first heading if that comes first. */
  readonly title: string | undefined;
  readonly description: string | undefined;
  /** What `itemprop="image"` says. */
  readonly itemImage: string | undefined;
  readonly images: readonly PageImage[];
  /** Films and other embedded things. */
  readonly embeds: readonly string[];
  readonly oembedLinks: readonly OembedLink[];
  /** What addresses in the document are relative to, if it is not the document's own. */
  readonly base: string | undefined;
  /** The text that readers see, without navigation. */
  readonly paragraphs: readonly string[];
}

export interface PageImage {
  readonly src: string;
  /** 0 if the document does not say how large it is. */
  readonly pixels: number;
}

export interface OembedLink {
  readonly href: string;
  readonly format: 'json' | 'xml';
}
