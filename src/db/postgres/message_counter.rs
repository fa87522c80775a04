//! Counts messages of PostgreSQL's protocol as they pass by, of those types that say which replies
//! are due. Source: PostgreSQL's documentation, "Message Flow" and "Message Formats".

/// The type of the server's `ReadyForQuery`, which ends a reply.
pub(super) const READY_FOR_QUERY: u8 = b'Z';
/// The types of the messages that are replied to up to a `ReadyForQuery` each: `Query`, `Sync` and
/// `FunctionCall`, and what stands here for the startup message, which has no type.
pub(super) const REPLIED_TO: [u8; 4] = [b'Q', b'S', b'F', STARTUP];
const STARTUP: u8 = 0;

/// Counts the messages of certain types that pass by in one direction.
#[derive(Default)]
pub(super) struct MessageCounter {
    /// The type and the length, as far as they have passed.
    header: [u8; 5],
    header_length: usize,
    body_left: usize,
}

impl MessageCounter {
    /// Counts from a client's first message on.
    pub fn from_startup() -> MessageCounter {
        MessageCounter {
            header: [STARTUP, 0, 0, 0, 0],
            header_length: 1,
            body_left: 0,
        }
    }

    /// Returns how many messages of these types end in the bytes that pass.
    pub fn ended_in(&mut self, mut bytes: &[u8], types: &[u8]) -> u64 {
        let mut ended = 0;
        while let Some((first, rest)) = bytes.split_first() {
            if self.header_length < self.header.len() {
                self.header[self.header_length] = *first;
                self.header_length += 1;
                bytes = rest;
                if self.header_length < self.header.len() {
                    continue;
                }
                let [_, length @ ..] = self.header;
                // The length counts itself.
                self.body_left = (u32::from_be_bytes(length) as usize).saturating_sub(length.len());
            } else {
                let passed = self.body_left.min(bytes.len());
                self.body_left -= passed;
                bytes = &bytes[passed..];
            }
            if self.body_left == 0 {
                self.header_length = 0;
                ended += u64::from(types.contains(&self.header[0]));
            }
        }
        ended
    }
}
