import { fileOption, option } from './schema/option.ts';
import { secret, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';

export type CaptchaConfig = NonNullable<SectionValue<typeof captchaSection>>;

export const captchaSection = section(
  'Captcha',
  {
    publicKey: fileOption({
      name: 'recaptcha_public_key',
      valueType: text('a site key'),
      description: 'The site key of reCAPTCHA, which clients show the captcha with.',
    }),
    privateKey: fileOption({
      name: 'recaptcha_private_key',
      valueType: secret,
      description: 'The secret of reCAPTCHA, with which the server has a solution checked.',
    }),
    siteverifyApi: option({
      name: 'recaptcha_siteverify_api',
      valueType: text('an http:// or https:// address', isHttpUrl, { format: 'uri' }),
      default: 'https://www.recaptcha.net/recaptcha/api/siteverify',
      description: 'Where the server has a solution checked.',
    }),
  },
  ({ publicKey, privateKey, siteverifyApi }) =>
    publicKey === undefined || privateKey === undefined
      ? undefined
      : { publicKey, privateKey, siteverifyApi },
);

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:\/\/[^/]/.test(value);
}
