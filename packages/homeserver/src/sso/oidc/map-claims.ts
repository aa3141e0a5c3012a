import type { OidcMapping } from '../../config/sso/oidc-mapping.ts';
import type { ExternalUser } from '../external-user.ts';
import { externalIdLengthMax } from '../limits.ts';
import { mapLocalpart } from '../map-localpart.ts';
import { SignInRefused } from '../sign-in-refused.ts';
import { renderTemplate } from './render-template.ts';
import type { Claims } from './render-template.ts';

/** The user that claims are about. Throws a {@link SignInRefused} where they do not say who it is. */
export function mapClaims(
  provider: ExternalUser['provider'],
  mapping: OidcMapping,
  claims: Claims,
  sessionId: string | undefined,
): ExternalUser {
  const textOf = (template: OidcMapping['localpart']): string | undefined => {
    const text = template === undefined ? '' : renderTemplate(template, claims);
    return text === '' ? undefined : text;
  };
  const externalId = textOf(mapping.subject);
  if (externalId === undefined || externalId.length > externalIdLengthMax) {
    throw new SignInRefused('unusable-user', `${provider.id} does not say who a user is`);
  }
  const name = textOf(mapping.localpart);
  return {
    provider,
    externalId,
    providerSessionId: sessionId,
    localpart: name === undefined ? undefined : mapLocalpart(name),
    confirmsLocalpart: mapping.confirmsLocalpart,
    displayName: textOf(mapping.displayName),
    // What the provider itself does not vouch for proves nothing here.
    email: claims['email_verified'] === false ? undefined : textOf(mapping.email),
    pictureUrl: textOf(mapping.picture),
    extraAttributes: Object.fromEntries(
      Object.entries(mapping.extraAttributes).map(([key, template]) => [
        key,
        renderTemplate(template, claims),
      ]),
    ),
  };
}
