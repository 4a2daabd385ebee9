//! Bytes as they were meant: base64, gzip and a byte order mark undone, under a cap (4.4).

use crate::limits::DECODE_SLACK;
use crate::request::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::reasons::RefuseReason;
use flate2::read::MultiGzDecoder;
use std::borrow::Cow;
use std::io::Read;

/// The body with the platform's base64 undone: bit for bit as the sender sent it.
///
/// # Errors
/// `body_undecodable` for broken base64, with the text as it came.
pub(crate) fn received(request: &Request) -> Result<Cow<'_, [u8]>, &[u8]> {
    let body = request.body.as_bytes();
    if request.is_base64 {
        STANDARD
            .decode(body.trim_ascii())
            .map(Cow::Owned)
            .map_err(|_| body)
    } else {
        Ok(Cow::Borrowed(body))
    }
}

/// The body as the sender meant it.
///
/// # Errors
/// `encoding_unsupported`, `body_undecodable` or `body_too_large`.
pub(crate) fn decoded<'b>(
    received: &'b [u8],
    content_encoding: Option<&str>,
    max_body_bytes: usize,
) -> Result<Cow<'b, [u8]>, RefuseReason> {
    let known = ["identity", "gzip", "x-gzip"];
    if content_encoding.is_some_and(|given| !known.iter().any(|own| given.eq_ignore_ascii_case(own))) {
        return Err(RefuseReason::EncodingUnsupported);
    }
    // By its bytes, whatever the header says: senders and proxies disagree about the header (RC-052).
    let body = if received.starts_with(&[0x1f, 0x8b]) {
        Cow::Owned(gunzipped(received, max_body_bytes)?)
    } else {
        Cow::Borrowed(received)
    };
    if body.len() > max_body_bytes {
        return Err(RefuseReason::BodyTooLarge);
    }
    const BOM: &[u8] = b"\xef\xbb\xbf";
    Ok(match body {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes.strip_prefix(BOM).unwrap_or(bytes)),
        Cow::Owned(bytes) if bytes.starts_with(BOM) => {
            Cow::Owned(bytes.get(BOM.len()..).unwrap_or_default().to_vec())
        }
        owned => owned,
    })
}

/// All members of a gzip body (RC-053), up to one byte over the cap (RC-055).
fn gunzipped(bytes: &[u8], cap: usize) -> Result<Vec<u8>, RefuseReason> {
    let mut decoder = MultiGzDecoder::new(bytes);
    let mut body = Vec::with_capacity((bytes.len() * 4).min(cap + DECODE_SLACK));
    let mut chunk = [0_u8; 16 * 1024];
    loop {
        let room = (cap + 1 - body.len()).min(chunk.len());
        let space = chunk.get_mut(..room).unwrap_or_default();
        match decoder.read(space) {
            Ok(0) => return Ok(body),
            Ok(read) => {
                if body.len() + read > body.capacity() {
                    // Doubling, but never beyond the cap and its slack.
                    let more = body
                        .capacity()
                        .max(chunk.len())
                        .min(cap + DECODE_SLACK - body.capacity());
                    body.reserve_exact(body.capacity() - body.len() + more);
                }
                body.extend_from_slice(chunk.get(..read).unwrap_or_default());
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return Err(RefuseReason::BodyUndecodable),
        }
        if body.len() > cap {
            return Err(RefuseReason::BodyTooLarge);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    const CAP: usize = 65_536;

    #[test]
    fn known_encodings_in_any_case_and_nothing_else() {
        event::rules!["RC-051"];
        for known in [None, Some("identity"), Some("GZIP"), Some("x-gzip")] {
            assert_eq!(decoded(b"{}", known, CAP).unwrap().as_ref(), b"{}", "{known:?}");
        }
        for unknown in ["br", "deflate", "gzip, gzip", "zstd"] {
            assert_eq!(
                decoded(b"{}", Some(unknown), CAP).err(),
                Some(RefuseReason::EncodingUnsupported)
            );
        }
    }

    #[test]
    fn gzip_is_known_by_its_bytes_and_read_to_its_last_member() {
        event::rules!["RC-052", "RC-053"];
        let mut two = gzip(b"{\"a\":");
        two.extend(gzip(b"1}"));
        for header in [None, Some("identity"), Some("gzip")] {
            assert_eq!(decoded(&two, header, CAP).unwrap().as_ref(), b"{\"a\":1}");
        }
        let cut = &two[..two.len() - 3];
        assert_eq!(decoded(cut, None, CAP).err(), Some(RefuseReason::BodyUndecodable));
        let mut garbage = gzip(b"{}");
        garbage.extend(b"garbage");
        assert_eq!(
            decoded(&garbage, None, CAP).err(),
            Some(RefuseReason::BodyUndecodable)
        );
    }

    #[test]
    fn one_leading_byte_order_mark_is_dropped() {
        event::rules!["RC-054"];
        assert_eq!(decoded(b"\xef\xbb\xbf{}", None, CAP).unwrap().as_ref(), b"{}");
        assert_eq!(
            decoded(&gzip(b"\xef\xbb\xbf{}"), None, CAP).unwrap().as_ref(),
            b"{}"
        );
    }

    #[test]
    fn decoding_stops_at_the_cap_and_allocates_little_more() {
        event::rules!["RC-055"];
        let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
        assert_eq!(decoded(&bomb, None, CAP).err(), Some(RefuseReason::BodyTooLarge));
        assert_eq!(decoded(&gzip(&vec![b' '; CAP]), None, CAP).unwrap().len(), CAP);
        assert_eq!(
            decoded(&gzip(&vec![b' '; CAP + 1]), None, CAP).err(),
            Some(RefuseReason::BodyTooLarge)
        );
        assert_eq!(
            decoded(&vec![b' '; CAP + 1], None, CAP).err(),
            Some(RefuseReason::BodyTooLarge)
        );
        let Ok(body) = gunzipped(&gzip(&vec![b' '; CAP]), CAP) else {
            panic!("within the cap")
        };
        assert!(body.capacity() <= CAP + DECODE_SLACK);
    }
}
