import type { CaptchaConfig } from '../../config/config.ts';
import { html } from '../../html/html.ts';
import type { Html } from '../../html/html.ts';
import { CAPTCHA } from '../../http/interactive-auth/captcha-stage.ts';
import { dummyStage } from '../../http/interactive-auth/dummy-stage.ts';
import { REGISTRATION_TOKEN } from '../../http/interactive-auth/registration-token-stage.ts';
import { TERMS } from '../../http/interactive-auth/terms-stage.ts';
import type { Policies, Policy } from '../../http/interactive-auth/terms-stage.ts';
import { primary } from './page-language.ts';
import type { LocalTexts } from './page-language.ts';
import type { GuestSite } from './page.ts';

/** The page of one stage. */
export interface StagePage {
  readonly title: string;
  readonly fields: Html;
  readonly button: string;
  readonly refused: string;
  readonly guestSite?: GuestSite;
  /** What of the form is the `auth` of the stage. */
  auth(form: URLSearchParams): Readonly<Record<string, unknown>>;
}

export interface StageContents {
  readonly policies: Policies;
  readonly captcha: CaptchaConfig | undefined;
}

/** The page of a stage; undefined for a stage that has none. */
export function stagePage(
  stage: string,
  local: LocalTexts,
  { policies, captcha }: StageContents,
): StagePage | undefined {
  const { texts } = local;
  switch (stage) {
    case REGISTRATION_TOKEN:
      return {
        title: texts.tokenTitle,
        fields: html`<p>${texts.tokenText}</p>
          <label for="token">${texts.token}</label>
          <input
            id="token"
            name="token"
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
            required
            autofocus
          />`,
        button: texts.continue,
        refused: texts.tokenRefused,
        auth: (form) => ({ token: form.get('token') ?? '' }),
      };
    case TERMS:
      return {
        title: texts.termsTitle,
        fields: html`<p>${texts.termsText}</p>
          <ul>
            ${Object.values(policies).map((policy) => policyLink(policy, local))}
          </ul>`,
        button: texts.accept,
        refused: texts.failed,
        auth: () => ({}),
      };
    case CAPTCHA:
      return captcha === undefined ? undefined : captchaPage(captcha, local);
    case dummyStage.type:
      return {
        title: texts.dummyTitle,
        fields: html`<p>${texts.dummyText}</p>`,
        button: texts.continue,
        refused: texts.failed,
        auth: () => ({}),
      };
    default:
      return undefined;
  }
}

const captchaSite: GuestSite = {
  script: 'https://www.recaptcha.net/recaptcha/api.js',
  scripts: ['https://www.recaptcha.net/recaptcha/', 'https://www.gstatic.com/recaptcha/'],
  frames: ['https://www.recaptcha.net/recaptcha/', 'https://www.google.com/recaptcha/'],
};

/** The script of the service puts its solution into the form. */
function captchaPage({ publicKey }: CaptchaConfig, { texts }: LocalTexts): StagePage {
  return {
    title: texts.captchaTitle,
    fields: html`<p>${texts.captchaText}</p>
      <noscript><p>${texts.needsScript}</p></noscript>
      <div class="g-recaptcha" data-sitekey="${publicKey}"></div>`,
    button: texts.continue,
    refused: texts.captchaRefused,
    guestSite: captchaSite,
    auth: (form) => ({ response: form.get('g-recaptcha-response') ?? '' }),
  };
}

function policyLink({ translations }: Policy, { wanted }: LocalTexts): Html {
  const languages = [...wanted, ...wanted.map(primary), 'en', ...Object.keys(translations)];
  const language = languages.find((each) => Object.hasOwn(translations, each));
  const translation = language === undefined ? undefined : translations[language];
  if (translation === undefined) return html``;
  return html`<li>
    <a href="${translation.url}" hreflang="${language}" target="_blank" rel="noopener noreferrer"
      >${translation.name}</a
    >
  </li>`;
}
