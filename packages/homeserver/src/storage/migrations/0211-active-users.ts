/** When users were last let in by `limit_usage_by_mau`. */
export const activeUsers = `
create table active_users (
  user_nid {nid},
  seen_ts bigint not null
);
`;
