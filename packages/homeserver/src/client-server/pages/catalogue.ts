/** What the pages say, in one language. */
export interface PageTexts {
  readonly logIn: string;
  readonly userName: string;
  readonly password: string;
  readonly loggedIn: string;
  readonly pleaseWait: string;
  readonly wrongPassword: string;
  readonly tooManyTries: string;
  readonly deactivated: string;
  readonly locked: string;
  readonly noPasswords: string;
  readonly failed: string;
  readonly needsScript: string;
  readonly continue: string;
  readonly doneTitle: string;
  readonly doneText: string;
  readonly goneTitle: string;
  readonly goneText: string;
  readonly unknownTitle: string;
  readonly unknownText: string;
  readonly tokenTitle: string;
  readonly tokenText: string;
  readonly token: string;
  readonly tokenRefused: string;
  readonly termsTitle: string;
  readonly termsText: string;
  readonly accept: string;
  readonly captchaTitle: string;
  readonly captchaText: string;
  readonly captchaRefused: string;
  readonly linkGoneText: string;
  readonly resetTitle: string;
  readonly resetText: string;
  readonly resetButton: string;
  readonly unsubscribeTitle: string;
  readonly unsubscribeText: string;
  readonly unsubscribeButton: string;
  readonly unsubscribedText: string;
  readonly dummyTitle: string;
  readonly dummyText: string;
}

const en: PageTexts = {
  logIn: 'Log in',
  userName: 'User name',
  password: 'Password',
  loggedIn: 'You are logged in.',
  pleaseWait: 'One moment, please.',
  wrongPassword: 'The user name or the password is wrong.',
  tooManyTries: 'Too many attempts. Please wait a while.',
  deactivated: 'This account has been deactivated.',
  locked: 'This account has been locked.',
  noPasswords: 'This server does not log in with passwords.',
  failed: 'That did not work. Please try again.',
  needsScript: 'This page needs JavaScript.',
  continue: 'Continue',
  doneTitle: 'Thank you',
  doneText: 'You can close this window and return to your app.',
  goneTitle: 'Too late',
  goneText: 'This registration has expired. Please start again in your app.',
  unknownTitle: 'Nothing to do here',
  unknownText: 'This server does not ask for this step. Please return to your app.',
  tokenTitle: 'Registration token',
  tokenText: 'This server asks for a token, which its administrator gives out.',
  token: 'Token',
  tokenRefused: 'This token is not valid, or no longer.',
  termsTitle: 'Terms',
  termsText: 'To use this server, please read and accept:',
  accept: 'I accept',
  captchaTitle: 'Are you human?',
  captchaText: 'Please solve this puzzle.',
  captchaRefused: 'That was not accepted. Please try again.',
  linkGoneText: 'This link is no longer valid. Please ask for another mail.',
  resetTitle: 'New password',
  resetText:
    'Do you want to choose a new password for your account? If you did not ask for it, close this page.',
  resetButton: 'Yes, go on',
  unsubscribeTitle: 'No more mails',
  unsubscribeText: 'Do you want no more mails about unread messages?',
  unsubscribeButton: 'No more mails',
  unsubscribedText: 'You will get no more mails about unread messages.',
  dummyTitle: 'Almost done',
  dummyText: 'Please confirm that you want to go on.',
};

const de: PageTexts = {
  logIn: 'Anmelden',
  userName: 'Benutzername',
  password: 'Passwort',
  loggedIn: 'Sie sind angemeldet.',
  pleaseWait: 'Einen Moment, bitte.',
  wrongPassword: 'Benutzername oder Passwort ist falsch.',
  tooManyTries: 'Zu viele Versuche. Bitte warten Sie eine Weile.',
  deactivated: 'Dieses Konto wurde geschlossen.',
  locked: 'Dieses Konto wurde gesperrt.',
  noPasswords: 'An diesem Server meldet man sich nicht mit einem Passwort an.',
  failed: 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.',
  needsScript: 'Diese Seite braucht JavaScript.',
  continue: 'Weiter',
  doneTitle: 'Vielen Dank',
  doneText: 'Sie können dieses Fenster schließen und zu Ihrer App zurückkehren.',
  goneTitle: 'Zu spät',
  goneText: 'Diese Registrierung ist abgelaufen. Bitte beginnen Sie in Ihrer App von vorn.',
  unknownTitle: 'Hier ist nichts zu tun',
  unknownText: 'Dieser Server verlangt diesen Schritt nicht. Bitte kehren Sie zu Ihrer App zurück.',
  tokenTitle: 'Registrierungscode',
  tokenText: 'Dieser Server verlangt einen Code, den seine Verwaltung vergibt.',
  token: 'Code',
  tokenRefused: 'Dieser Code gilt nicht oder nicht mehr.',
  termsTitle: 'Bedingungen',
  termsText: 'Um diesen Server zu nutzen, lesen und akzeptieren Sie bitte:',
  accept: 'Ich akzeptiere',
  captchaTitle: 'Sind Sie ein Mensch?',
  captchaText: 'Bitte lösen Sie dieses Rätsel.',
  captchaRefused: 'Das wurde nicht anerkannt. Bitte versuchen Sie es noch einmal.',
  linkGoneText: 'Dieser Link gilt nicht mehr. Bitte fordern Sie eine neue E-Mail an.',
  resetTitle: 'Neues Passwort',
  resetText:
    'Möchten Sie ein neues Passwort für Ihr Konto wählen? Wenn Sie das nicht angefordert haben, schließen Sie diese Seite.',
  resetButton: 'Ja, weiter',
  unsubscribeTitle: 'Keine E-Mails mehr',
  unsubscribeText: 'Möchten Sie keine E-Mails über ungelesene Nachrichten mehr bekommen?',
  unsubscribeButton: 'Keine E-Mails mehr',
  unsubscribedText: 'Sie bekommen keine E-Mails über ungelesene Nachrichten mehr.',
  dummyTitle: 'Fast fertig',
  dummyText: 'Bitte bestätigen Sie, dass Sie fortfahren möchten.',
};

const fr: PageTexts = {
  logIn: 'Se connecter',
  userName: 'Nom d’utilisateur',
  password: 'Mot de passe',
  loggedIn: 'Vous êtes connecté.',
  pleaseWait: 'Un instant, s’il vous plaît.',
  wrongPassword: 'Le nom d’utilisateur ou le mot de passe est incorrect.',
  tooManyTries: 'Trop de tentatives. Veuillez patienter.',
  deactivated: 'Ce compte a été désactivé.',
  locked: 'Ce compte a été verrouillé.',
  noPasswords: 'Ce serveur n’accepte pas de connexion par mot de passe.',
  failed: 'Cela n’a pas fonctionné. Veuillez réessayer.',
  needsScript: 'Cette page a besoin de JavaScript.',
  continue: 'Continuer',
  doneTitle: 'Merci',
  doneText: 'Vous pouvez fermer cette fenêtre et revenir à votre application.',
  goneTitle: 'Trop tard',
  goneText: 'Cette inscription a expiré. Veuillez recommencer dans votre application.',
  unknownTitle: 'Rien à faire ici',
  unknownText: 'Ce serveur ne demande pas cette étape. Veuillez revenir à votre application.',
  tokenTitle: 'Code d’inscription',
  tokenText: 'Ce serveur demande un code, fourni par son administrateur.',
  token: 'Code',
  tokenRefused: 'Ce code n’est pas valable, ou ne l’est plus.',
  termsTitle: 'Conditions',
  termsText: 'Pour utiliser ce serveur, veuillez lire et accepter :',
  accept: 'J’accepte',
  captchaTitle: 'Êtes-vous humain ?',
  captchaText: 'Veuillez résoudre cette énigme.',
  captchaRefused: 'Cela n’a pas été accepté. Veuillez réessayer.',
  linkGoneText: 'Ce lien n’est plus valable. Veuillez demander un autre courriel.',
  resetTitle: 'Nouveau mot de passe',
  resetText:
    'Voulez-vous choisir un nouveau mot de passe pour votre compte ? Si vous ne l’avez pas demandé, fermez cette page.',
  resetButton: 'Oui, continuer',
  unsubscribeTitle: 'Plus de courriels',
  unsubscribeText: 'Ne voulez-vous plus recevoir de courriels sur les messages non lus ?',
  unsubscribeButton: 'Plus de courriels',
  unsubscribedText: 'Vous ne recevrez plus de courriels sur les messages non lus.',
  dummyTitle: 'Presque fini',
  dummyText: 'Veuillez confirmer que vous voulez continuer.',
};

const es: PageTexts = {
  logIn: 'Iniciar sesión',
  userName: 'Nombre de usuario',
  password: 'Contraseña',
  loggedIn: 'Ha iniciado sesión.',
  pleaseWait: 'Un momento, por favor.',
  wrongPassword: 'El nombre de usuario o la contraseña no son correctos.',
  tooManyTries: 'Demasiados intentos. Espere un rato, por favor.',
  deactivated: 'Esta cuenta ha sido desactivada.',
  locked: 'Esta cuenta ha sido bloqueada.',
  noPasswords: 'Este servidor no permite iniciar sesión con contraseña.',
  failed: 'No ha funcionado. Inténtelo de nuevo, por favor.',
  needsScript: 'Esta página necesita JavaScript.',
  continue: 'Continuar',
  doneTitle: 'Gracias',
  doneText: 'Puede cerrar esta ventana y volver a su aplicación.',
  goneTitle: 'Demasiado tarde',
  goneText: 'Este registro ha caducado. Empiece de nuevo en su aplicación, por favor.',
  unknownTitle: 'Aquí no hay nada que hacer',
  unknownText: 'Este servidor no pide este paso. Vuelva a su aplicación, por favor.',
  tokenTitle: 'Código de registro',
  tokenText: 'Este servidor pide un código, que entrega su administrador.',
  token: 'Código',
  tokenRefused: 'Este código no es válido, o ya no lo es.',
  termsTitle: 'Condiciones',
  termsText: 'Para usar este servidor, lea y acepte, por favor:',
  accept: 'Acepto',
  captchaTitle: '¿Es usted una persona?',
  captchaText: 'Resuelva este acertijo, por favor.',
  captchaRefused: 'No se ha aceptado. Inténtelo de nuevo, por favor.',
  linkGoneText: 'Este enlace ya no es válido. Solicite otro correo, por favor.',
  resetTitle: 'Nueva contraseña',
  resetText:
    '¿Quiere elegir una nueva contraseña para su cuenta? Si no la ha solicitado, cierre esta página.',
  resetButton: 'Sí, continuar',
  unsubscribeTitle: 'No más correos',
  unsubscribeText: '¿No quiere recibir más correos sobre mensajes no leídos?',
  unsubscribeButton: 'No más correos',
  unsubscribedText: 'No recibirá más correos sobre mensajes no leídos.',
  dummyTitle: 'Casi listo',
  dummyText: 'Confirme que quiere continuar, por favor.',
};

/** By the tag of the language; the first is what others get. */
export const catalogue: Readonly<Record<'en' | 'de' | 'fr' | 'es', PageTexts>> = { en, de, fr, es };
