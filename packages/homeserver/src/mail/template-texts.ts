interface TemplateText {
  readonly html: string;
  readonly text: string;
}

/** Mail programs understand little of style, and only where it stands with its element. */
function page(content: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{{ app_name }}</title></head>
<body style="margin: 0; padding: 24px; font-family: sans-serif; line-height: 1.5; color: #222">
<div style="max-width: 36em; margin: 0 auto">
${content}
</div>
</body>
</html>
`;
}

function withLink(what: string, button: string, otherwise: string): TemplateText {
  return {
    html: page(`<p>${what}</p>
<p><a href="{{ link }}">${button}</a></p>
<p style="color: #666">${otherwise}</p>
<p style="color: #666">{{ server_name }}</p>`),
    text: `${what}\n\n{{ link }}\n\n${otherwise}\n\n{{ server_name }}\n`,
  };
}

/** What mails say; the names are those of Synapse's files. */
export const templateTexts = {
  password_reset: withLink(
    'Somebody, probably you, has asked for a new password for your {{ app_name }} account on {{ server_name }}.',
    'Choose a new password',
    'If it was not you, ignore this mail: without the link nothing changes.',
  ),
  registration: withLink(
    'Somebody, probably you, has given this address to register for {{ app_name }} on {{ server_name }}.',
    'Confirm this address',
    'If it was not you, ignore this mail.',
  ),
  add_threepid: withLink(
    'Somebody, probably you, wants to add this address to a {{ app_name }} account on {{ server_name }}.',
    'Confirm this address',
    'If it was not you, ignore this mail: without the link nothing changes.',
  ),
  already_in_use: {
    html: page(`<p>Somebody, probably you, has given this address to register for {{ app_name }} on {{ server_name }}. It belongs to an account already: log in with it, or ask for a new password.</p>
<p style="color: #666">If it was not you, ignore this mail.</p>`),
    text: `Somebody, probably you, has given this address to register for {{ app_name }} on {{ server_name }}. It belongs to an account already: log in with it, or ask for a new password.

If it was not you, ignore this mail.
`,
  },
  notif_mail: {
    html: page(`<p>Hello {{ user_display_name }},</p>
<p>{{ summary_text }}</p>
{{ rooms }}
<p style="color: #666"><a href="{{ unsubscribe_link }}">No more of these mails</a></p>`),
    text: `Hello {{ user_display_name }},

{{ summary_text }}

{{ rooms }}
No more of these mails: {{ unsubscribe_link }}
`,
  },
} as const satisfies Readonly<Record<string, TemplateText>>;

export type TemplateName = keyof typeof templateTexts;
