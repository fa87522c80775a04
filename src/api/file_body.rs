//! A file as the body of a response: streamed in pieces, its length announced.

use std::fs::File;
use std::io;

use actix_web::body::{BoxBody, SizedStream};
use actix_web::web::Bytes;
use futures_util::stream;
use tokio::io::AsyncReadExt;

const PIECE: usize = 64 * 1024;

/// Returns the body of a file that is read from where it stands, its beginning. A fault while it is
/// read breaks the response off short of the announced length.
pub(super) fn file_body(file: File) -> io::Result<BoxBody> {
    let length = file.metadata()?.len();
    let pieces = stream::try_unfold(tokio::fs::File::from_std(file), async |mut file| {
        let mut piece = vec![0; PIECE];
        let count = file.read(&mut piece).await?;
        piece.truncate(count);
        Ok::<_, io::Error>((count > 0).then(|| (Bytes::from(piece), file)))
    });
    Ok(BoxBody::new(SizedStream::new(length, Box::pin(pieces))))
}
