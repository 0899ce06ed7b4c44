//! How long a recording is, by its own head: WAV and MP3, whose length follows from their rate. Other formats say
//! nothing that could be read in one look.
//! Sources: <https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html>, ISO/IEC 11172-3 section 2.4.2.3.

/// Kilobits a second of MPEG audio layer III, by index: version 1, then versions 2 and 2.5.
const KBITS: [[u64; 16]; 2] = [
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0],
];

/// Milliseconds of sound in a file; `None` where that cannot be told.
pub(crate) fn milliseconds(file: &[u8]) -> Option<u64> {
    match file.get(..4)? {
        b"RIFF" if file.get(8..12)? == b"WAVE" => wav(file.get(12..)?),
        [b'I', b'D', b'3', _] => mp3(file.get(10 + id3_length(file.get(6..10)?)..)?),
        _ => mp3(file),
    }
}

fn wav(mut chunks: &[u8]) -> Option<u64> {
    let mut rate = None;
    loop {
        let length = u32::from_le_bytes(chunks.get(4..8)?.try_into().ok()?) as usize;
        let body = chunks.get(8..)?;
        match chunks.get(..4)? {
            b"fmt " => rate = Some(u64::from(u32::from_le_bytes(body.get(8..12)?.try_into().ok()?))),
            // A file that was streamed says more than it has.
            b"data" => return (length.min(body.len()) as u64 * 1_000).checked_div(rate?),
            _ => {}
        }
        chunks = body.get(length + length % 2..)?;
    }
}

/// The length of an ID3 tag: four times seven bits.
fn id3_length(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f))
}

/// By the bit rate of the first frame, as if it were that of all.
fn mp3(frames: &[u8]) -> Option<u64> {
    let head = frames.get(..4)?;
    let (second, third) = (*head.get(1)?, *head.get(2)?);
    let is_layer_three = head.first() == Some(&0xff) && second & 0xe0 == 0xe0 && second & 0x06 == 0x02;
    let table = KBITS.get(usize::from(second & 0x18 != 0x18))?;
    let kbits = table.get(usize::from(third >> 4)).copied().filter(|kbits| is_layer_three && *kbits > 0)?;
    Some(frames.len() as u64 * 8 / kbits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav_file(rate: u32, data: &[u8], said: u32) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0\x01\0\x01\0".to_vec();
        file.extend_from_slice(&8_000_u32.to_le_bytes());
        file.extend_from_slice(&rate.to_le_bytes());
        file.extend_from_slice(b"\x02\0\x10\0data");
        file.extend_from_slice(&said.to_le_bytes());
        file.extend_from_slice(data);
        file
    }

    #[test]
    fn the_length_of_a_wav_follows_from_its_rate() {
        assert_eq!(milliseconds(&wav_file(16_000, &[0; 8_000], 8_000)), Some(500));
        assert_eq!(milliseconds(&wav_file(16_000, &[0; 8_000], u32::MAX)), Some(500), "streamed");
        assert_eq!(milliseconds(&wav_file(0, &[0; 8], 8)), None);
    }

    #[test]
    fn the_length_of_an_mp3_follows_from_its_first_frame() {
        let mut file = vec![0xff, 0xfb, 0x90, 0x00];
        file.resize(16_000, 0);
        assert_eq!(milliseconds(&file), Some(1_000));
        let tagged = [b"ID3\x04\0\0\0\0\x01\x00".to_vec(), vec![0; 128], file].concat();
        assert_eq!(milliseconds(&tagged), Some(1_000));
    }

    #[test]
    fn what_is_neither_has_no_length_and_no_cut_panics() {
        let whole = wav_file(16_000, &[0; 40], 40);
        for cut in 0..whole.len() {
            let length = milliseconds(&whole[..cut]);
            assert!(length.is_none_or(|ms| ms <= 2), "{cut}");
        }
        for other in [b"OggS....".as_slice(), b"", b"ID3", b"ID3\x04\0\0\x7f\x7f\x7f\x7f", &[0xff; 8]] {
            assert_eq!(milliseconds(other), None, "{other:?}");
        }
    }
}
