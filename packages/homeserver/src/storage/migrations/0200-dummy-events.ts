/** Events that are shown to nobody have a flag (32), also those that came before. */
export const dummyEvents = `
update events set flags = flags | 32
where state_key_nid is null
  and type_nid = (select type_nid from event_types where type = 'org.matrix.dummy_event');
`;
