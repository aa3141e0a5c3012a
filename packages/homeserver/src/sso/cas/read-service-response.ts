import { Parser } from 'htmlparser2';

/** A user as a CAS server knows them. */
export interface CasUser {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

const SUCCESS = 'serviceResponse/authenticationSuccess';

/**
 * Reads the answer to a ticket (CAS Protocol, appendix A). Undefined where it is not that of a success with a user.
 * Names count without their namespace's prefix, which servers choose.
 */
export function readServiceResponse(xml: string): CasUser | undefined {
  const path: string[] = [];
  const attributes = new Map<string, string[]>();
  let name: string | undefined;
  let text = '';
  const parser = new Parser(
    {
      onopentagname(tag) {
        path.push(tag.replace(/^.*:/, ''));
        text = '';
      },
      ontext(more) {
        text += more;
      },
      onclosetag() {
        const place = path.join('/');
        const tag = path.pop() ?? '';
        if (place === `${SUCCESS}/user`) name ??= text.trim();
        if (place === `${SUCCESS}/attributes/${tag}`) {
          attributes.set(tag, [...(attributes.get(tag) ?? []), text.trim()]);
        }
        text = '';
      },
    },
    { xmlMode: true },
  );
  parser.end(xml);
  return name === undefined || name === '' ? undefined : { name, attributes };
}
