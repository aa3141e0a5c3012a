import type { PasswordPolicy } from '../config/config.ts';
import { MatrixError, invalidParam } from '../errors/matrix-error.ts';
import type { Errcode } from '../errors/matrix-error.ts';
import { passwordLengthMax } from './limits.ts';

/** Throws what is wrong with a new password by `password_config.policy`. */
export function checkNewPassword(password: string, policy: PasswordPolicy): void {
  if (password.length > passwordLengthMax) {
    throw invalidParam(`A password has at most ${passwordLengthMax} characters`);
  }
  if (!policy.enabled) return;
  if (password.length < policy.minimumLength) {
    throw weak('M_PASSWORD_TOO_SHORT', `at least ${policy.minimumLength} characters`);
  }
  if (policy.requireDigit && !/[0-9]/.test(password)) {
    throw weak('M_PASSWORD_NO_DIGIT', 'a digit');
  }
  if (policy.requireSymbol && !/[^a-zA-Z0-9]/.test(password)) {
    throw weak('M_PASSWORD_NO_SYMBOL', 'a character that is neither letter nor digit');
  }
  if (policy.requireUppercase && !/\p{Lu}/u.test(password)) {
    throw weak('M_PASSWORD_NO_UPPERCASE', 'a capital letter');
  }
  if (policy.requireLowercase && !/\p{Ll}/u.test(password)) {
    throw weak('M_PASSWORD_NO_LOWERCASE', 'a small letter');
  }
}

function weak(errcode: Errcode, needed: string): MatrixError {
  return new MatrixError(400, errcode, `The password needs ${needed}`);
}
