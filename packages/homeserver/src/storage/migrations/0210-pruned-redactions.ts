/** Which redacted events have lost their content in the database as well. */
export const prunedRedactions = `
alter table redactions add column pruned smallint not null default 0;
create index redactions_unpruned on redactions (redaction_nid) where pruned = 0 and valid = 1;
`;
