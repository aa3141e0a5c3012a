/**
 * Options of Synapse that are accepted without a word: leaving them out of account changes nothing
 * that an operator could miss. Every config that Synapse generates has some of them.
 */
export const ACCEPTED_OPTIONS: Readonly<Record<string, string>> = {
  report_stats: 'Soma reports to nobody.',
  report_stats_endpoint: 'Soma reports to nobody.',
  macaroon_secret_key: 'The tokens of Soma are random; no key is needed to make them.',
  macaroon_secret_key_path: 'The tokens of Soma are random; no key is needed to make them.',
  form_secret: 'The forms of Soma need no key: a session that nobody can guess protects them.',
  form_secret_path: 'The forms of Soma need no key: a session that nobody can guess protects them.',
  use_frozen_dicts: 'It concerns Python.',
  gc_thresholds: 'It concerns Python.',
  gc_min_interval: 'It concerns Python.',
  print_pidfile: 'It concerns starting in the background.',
  no_redirect_stdio: 'It concerns the logging of Python.',
  replication_torture_level: 'It is an aid for testing Synapse.',
};
