/** What a user was notified of (CS API, `GET /notifications`). */
export const notifications = `
create table personal_notifications (
  user_nid bigint not null,
  position bigint not null,
  room_nid bigint not null,
  highlight smallint not null,
  primary key (user_nid, position)
) {without_rowid};
create index personal_highlights on personal_notifications (user_nid, position) where highlight = 1;

create index unread_numbers_room on unread_numbers (room_nid, position);
create index unread_numbers_highlights on unread_numbers (room_nid, position) where highlights > 0;
`;
