/** Events that came before the one that they relate to; `relations` has them once that is there. */
export const waitingRelations = `
create table waiting_relations (
  parent_nid bigint not null,
  child_nid bigint not null,
  primary key (parent_nid, child_nid)
) {without_rowid};
create index waiting_relations_child on waiting_relations (child_nid);
`;
