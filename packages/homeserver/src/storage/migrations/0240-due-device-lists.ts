/** Device lists to fetch are found by server, those due first. */
export const dueDeviceLists = `
drop index device_list_resyncs_due;
drop index device_list_resyncs_server;
create index device_list_resyncs_server on device_list_resyncs (server_name, next_try_ts, user_nid);
`;
