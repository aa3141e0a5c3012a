import type { RefusalReason } from '../../sso/sign-in-refused.ts';
import type { PageLanguage } from './page-language.ts';

/** What the pages of single sign-on say, in one language. `{}` is a name. */
export interface SsoTexts {
  readonly pickTitle: string;
  readonly pickText: string;
  readonly continueWith: string;
  readonly newUserTitle: string;
  readonly newUserText: string;
  readonly userNameHint: string;
  readonly takeDisplayName: string;
  readonly takeEmail: string;
  readonly takePicture: string;
  readonly nameTaken: string;
  readonly nameInvalid: string;
  readonly consentTitle: string;
  readonly consentText: string;
  readonly consentWarning: string;
  readonly confirmTitle: string;
  readonly confirmWarning: string;
  readonly operations: Readonly<Record<ConfirmedOperation, string>>;
  readonly refusedTitle: string;
  readonly refusals: Readonly<Record<RefusalReason, string>>;
}

/** What a user confirms, as far as pages tell it apart. */
export type ConfirmedOperation = 'device' | 'password' | 'address' | 'keys' | 'account' | 'other';

const en: SsoTexts = {
  pickTitle: 'Log in',
  pickText: 'Choose how you want to log in.',
  continueWith: 'Continue with {}',
  newUserTitle: 'Create your account',
  newUserText: '{} knows you. What do you want to be called here?',
  userNameHint: 'The user name cannot be changed later.',
  takeDisplayName: 'Show me as “{}”',
  takeEmail: 'Use my mail address {}',
  takePicture: 'Use my picture',
  nameTaken: 'This user name is taken.',
  nameInvalid: 'A user name can hold the letters a to z, digits and . _ = - / +',
  consentTitle: 'Continue to your app',
  consentText: '{} wants to use this account:',
  consentWarning: 'If you did not want to log in there, close this page.',
  confirmTitle: 'Is it you?',
  confirmWarning:
    'To confirm it, log in again. If you did not ask for this, close this page: somebody else may be using your account.',
  operations: {
    device: 'An app wants to remove a device from your account.',
    password: 'An app wants to change the password of your account.',
    address: 'An app wants to add a mail address or phone number to your account.',
    keys: 'An app wants to change the keys that prove who you are.',
    account: 'An app wants to close your account for good.',
    other: 'An app wants to change something about your account.',
  },
  refusedTitle: 'That did not work',
  refusals: {
    'unknown-session':
      'This login has expired, or your browser does not allow cookies. Please start again in your app.',
    'unknown-provider': 'This server does not know that way to log in.',
    'provider-failed':
      'The login service cannot be reached, or has made a mistake. Please try again later.',
    'provider-refused': 'The login service did not let you log in.',
    'not-allowed': 'You are not allowed to log in here.',
    'no-registration': 'You have no account on this server, and it does not make new ones.',
    'unusable-user': 'The login service did not say who you are.',
    deactivated: 'This account has been deactivated.',
    locked: 'This account has been locked.',
    'other-user': 'You have logged in as somebody else than the user who is to confirm this.',
    'too-many': 'Too many attempts. Please wait a while.',
  },
};

const de: SsoTexts = {
  pickTitle: 'Anmelden',
  pickText: 'Wählen Sie, wie Sie sich anmelden möchten.',
  continueWith: 'Weiter mit {}',
  newUserTitle: 'Konto anlegen',
  newUserText: '{} kennt Sie. Wie möchten Sie hier heißen?',
  userNameHint: 'Der Benutzername lässt sich später nicht ändern.',
  takeDisplayName: 'Mich als „{}“ anzeigen',
  takeEmail: 'Meine E-Mail-Adresse {} verwenden',
  takePicture: 'Mein Bild verwenden',
  nameTaken: 'Dieser Benutzername ist vergeben.',
  nameInvalid: 'Ein Benutzername kann die Buchstaben a bis z, Ziffern und . _ = - / + enthalten',
  consentTitle: 'Weiter zu Ihrer App',
  consentText: '{} möchte dieses Konto verwenden:',
  consentWarning: 'Wenn Sie sich dort nicht anmelden wollten, schließen Sie diese Seite.',
  confirmTitle: 'Sind Sie es?',
  confirmWarning:
    'Melden Sie sich zur Bestätigung noch einmal an. Wenn Sie das nicht wollten, schließen Sie diese Seite: Vielleicht benutzt jemand anderes Ihr Konto.',
  operations: {
    device: 'Eine App möchte ein Gerät aus Ihrem Konto entfernen.',
    password: 'Eine App möchte das Passwort Ihres Kontos ändern.',
    address: 'Eine App möchte Ihrem Konto eine E-Mail-Adresse oder Telefonnummer hinzufügen.',
    keys: 'Eine App möchte die Schlüssel ändern, die beweisen, wer Sie sind.',
    account: 'Eine App möchte Ihr Konto für immer schließen.',
    other: 'Eine App möchte etwas an Ihrem Konto ändern.',
  },
  refusedTitle: 'Das hat nicht geklappt',
  refusals: {
    'unknown-session':
      'Diese Anmeldung ist abgelaufen, oder Ihr Browser erlaubt keine Cookies. Bitte beginnen Sie in Ihrer App von vorn.',
    'unknown-provider': 'Diese Art der Anmeldung kennt dieser Server nicht.',
    'provider-failed':
      'Der Anmeldedienst ist nicht erreichbar oder hat einen Fehler gemacht. Bitte versuchen Sie es später noch einmal.',
    'provider-refused': 'Der Anmeldedienst hat Sie nicht angemeldet.',
    'not-allowed': 'Sie dürfen sich hier nicht anmelden.',
    'no-registration': 'Sie haben kein Konto auf diesem Server, und er legt keine neuen an.',
    'unusable-user': 'Der Anmeldedienst hat nicht gesagt, wer Sie sind.',
    deactivated: 'Dieses Konto wurde geschlossen.',
    locked: 'Dieses Konto wurde gesperrt.',
    'other-user': 'Sie haben sich als jemand anderes angemeldet als der, der dies bestätigen soll.',
    'too-many': 'Zu viele Versuche. Bitte warten Sie eine Weile.',
  },
};

const fr: SsoTexts = {
  pickTitle: 'Se connecter',
  pickText: 'Choisissez comment vous connecter.',
  continueWith: 'Continuer avec {}',
  newUserTitle: 'Créer votre compte',
  newUserText: '{} vous connaît. Comment voulez-vous vous appeler ici ?',
  userNameHint: 'Le nom d’utilisateur ne peut pas être changé plus tard.',
  takeDisplayName: 'M’afficher comme « {} »',
  takeEmail: 'Utiliser mon adresse {}',
  takePicture: 'Utiliser mon image',
  nameTaken: 'Ce nom d’utilisateur est déjà pris.',
  nameInvalid: 'Un nom d’utilisateur peut contenir les lettres a à z, des chiffres et . _ = - / +',
  consentTitle: 'Continuer vers votre application',
  consentText: '{} veut utiliser ce compte :',
  consentWarning: 'Si vous ne vouliez pas vous y connecter, fermez cette page.',
  confirmTitle: 'Est-ce bien vous ?',
  confirmWarning:
    'Pour confirmer, connectez-vous à nouveau. Si vous n’avez rien demandé, fermez cette page : quelqu’un d’autre utilise peut-être votre compte.',
  operations: {
    device: 'Une application veut retirer un appareil de votre compte.',
    password: 'Une application veut changer le mot de passe de votre compte.',
    address: 'Une application veut ajouter une adresse ou un numéro à votre compte.',
    keys: 'Une application veut changer les clés qui prouvent qui vous êtes.',
    account: 'Une application veut fermer votre compte pour toujours.',
    other: 'Une application veut changer quelque chose dans votre compte.',
  },
  refusedTitle: 'Cela n’a pas fonctionné',
  refusals: {
    'unknown-session':
      'Cette connexion a expiré, ou votre navigateur refuse les cookies. Veuillez recommencer dans votre application.',
    'unknown-provider': 'Ce serveur ne connaît pas cette façon de se connecter.',
    'provider-failed':
      'Le service de connexion ne répond pas ou s’est trompé. Veuillez réessayer plus tard.',
    'provider-refused': 'Le service de connexion ne vous a pas laissé entrer.',
    'not-allowed': 'Vous n’avez pas le droit de vous connecter ici.',
    'no-registration': 'Vous n’avez pas de compte sur ce serveur, et il n’en crée pas.',
    'unusable-user': 'Le service de connexion n’a pas dit qui vous êtes.',
    deactivated: 'Ce compte a été désactivé.',
    locked: 'Ce compte a été verrouillé.',
    'other-user': 'Vous vous êtes connecté comme quelqu’un d’autre que celui qui doit confirmer.',
    'too-many': 'Trop de tentatives. Veuillez patienter.',
  },
};

const es: SsoTexts = {
  pickTitle: 'Iniciar sesión',
  pickText: 'Elija cómo quiere iniciar sesión.',
  continueWith: 'Continuar con {}',
  newUserTitle: 'Crear su cuenta',
  newUserText: '{} le conoce. ¿Cómo quiere llamarse aquí?',
  userNameHint: 'El nombre de usuario no se puede cambiar después.',
  takeDisplayName: 'Mostrarme como «{}»',
  takeEmail: 'Usar mi correo {}',
  takePicture: 'Usar mi imagen',
  nameTaken: 'Este nombre de usuario ya existe.',
  nameInvalid: 'Un nombre de usuario puede tener las letras de la a a la z, cifras y . _ = - / +',
  consentTitle: 'Continuar a su aplicación',
  consentText: '{} quiere usar esta cuenta:',
  consentWarning: 'Si no quería iniciar sesión allí, cierre esta página.',
  confirmTitle: '¿Es usted?',
  confirmWarning:
    'Para confirmarlo, inicie sesión otra vez. Si no lo ha pedido, cierre esta página: puede que otra persona use su cuenta.',
  operations: {
    device: 'Una aplicación quiere quitar un dispositivo de su cuenta.',
    password: 'Una aplicación quiere cambiar la contraseña de su cuenta.',
    address: 'Una aplicación quiere añadir una dirección o un número a su cuenta.',
    keys: 'Una aplicación quiere cambiar las claves que prueban quién es usted.',
    account: 'Una aplicación quiere cerrar su cuenta para siempre.',
    other: 'Una aplicación quiere cambiar algo de su cuenta.',
  },
  refusedTitle: 'No ha funcionado',
  refusals: {
    'unknown-session':
      'Este inicio de sesión ha caducado, o su navegador no permite cookies. Empiece de nuevo en su aplicación.',
    'unknown-provider': 'Este servidor no conoce esa forma de iniciar sesión.',
    'provider-failed':
      'El servicio de inicio de sesión no responde o se ha equivocado. Inténtelo más tarde.',
    'provider-refused': 'El servicio de inicio de sesión no le ha dejado entrar.',
    'not-allowed': 'No puede iniciar sesión aquí.',
    'no-registration': 'No tiene cuenta en este servidor, y no crea cuentas nuevas.',
    'unusable-user': 'El servicio de inicio de sesión no ha dicho quién es usted.',
    deactivated: 'Esta cuenta ha sido desactivada.',
    locked: 'Esta cuenta ha sido bloqueada.',
    'other-user': 'Ha iniciado sesión como otra persona que la que debe confirmar esto.',
    'too-many': 'Demasiados intentos. Espere un rato, por favor.',
  },
};

export const ssoCatalogue: Readonly<Record<PageLanguage, SsoTexts>> = { en, de, fr, es };
