import { nameCharactersMax, valueCharactersMax } from './limits.ts';
import type { PageFacts } from './page-facts.ts';
import { summarize } from './summarize.ts';

/** Properties by name; the picture is not among them. */
export type OpenGraph = Readonly<Record<string, string | number>>;

/** What a source says of a page. */
export interface Description {
  readonly openGraph: OpenGraph;
  /** Where its picture is, as the source writes it. */
  readonly image: string | undefined;
}

/** What a page says of itself. */
export function describedByTags({ openGraph, twitter }: PageFacts): Description {
  const properties = new Map<string, string>(openGraph);
  for (const [name, value] of twitter) {
    const property = NAMES_OF_TWITTER.get(name) ?? `og:${name.slice('twitter:'.length)}`;
    if (!NOT_TAKEN.has(name) && !properties.has(property)) properties.set(property, value);
  }
  const image = IMAGE_NAMES.map((name) => properties.get(name)).find((each) => each !== undefined);
  const description = summarize([properties.get('og:description') ?? '']);
  if (description !== undefined) properties.set('og:description', description);
  // They belong to the picture as it was; the answer has what it became.
  const taken = [...properties].filter(([name]) => !/^og:image(?:$|:)/.test(name));
  return { openGraph: Object.fromEntries(taken), image };
}

const NAMES_OF_TWITTER: ReadonlyMap<string, string> = new Map([['twitter:site', 'og:site_name']]);
const NOT_TAKEN: ReadonlySet<string> = new Set(['twitter:card', 'twitter:creator']);
const IMAGE_NAMES = ['og:image', 'og:image:url', 'og:image:secure_url', 'og:image:src'];

/** What can be seen of a page that does not describe itself. */
export function describedByContent(facts: PageFacts): Description {
  const { title, description, paragraphs, itemImage, images } = facts;
  const summary = summarize(description === undefined ? paragraphs : [description]);
  return {
    openGraph: {
      ...(title === undefined ? {} : { 'og:title': title }),
      ...(summary === undefined ? {} : { 'og:description': summary }),
    },
    image: itemImage ?? largestImage(images),
  };
}

/** The first one, if none says how large it is. */
function largestImage(images: PageFacts['images']): string | undefined {
  let [largest] = images;
  for (const image of images) {
    if (largest !== undefined && image.pixels > largest.pixels) largest = image;
  }
  return largest?.src;
}

/** Without what is so long that no client shows it. */
export function withinLimits(properties: OpenGraph): OpenGraph {
  const kept = Object.entries(properties).filter(
    ([name, value]) =>
      name.length <= nameCharactersMax && String(value).length <= valueCharactersMax,
  );
  return Object.fromEntries(kept);
}
