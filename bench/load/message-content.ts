/** The content of every message; with it an event is about as long as people's messages make it. */
export const messageContent = JSON.stringify({
  msgtype: 'm.text',
  body: 'The quick brown fox jumps over the lazy dog while the kettle boils on the stove.',
});
