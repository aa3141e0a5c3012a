/** Threads whose root is still to come, and how far events that relate to others are from their thread. */
export const lateThreads = `
alter table event_threads add column hops smallint not null default 0;

create table late_thread_roots (thread_nid {nid}, event_id text not null);
`;
