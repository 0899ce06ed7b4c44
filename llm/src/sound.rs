//! How long a recording is, by its own bytes: WAV and MP3. What a head merely claims is never taken for it: it must not
//! make a call cheaper. Where the parts of a file contradict each other, or its coding is none that is known here, its
//! length is unknown, and so is the cost of what is billed by it.
//! Sources: <https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html>, ISO/IEC 11172-3 section 2.4.2.3.

/// Kilobits a second of MPEG audio layer III, by index: version 1, then versions 2 and 2.5.
const KBITS: [[u64; 16]; 2] = [
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0],
];
/// Samples a second of version 1, by index; version 2 has half as many, version 2.5 a quarter.
const RATES: [u64; 4] = [44_100, 48_000, 32_000, 0];
/// How much of an MP3 may be something else than frames, such as padding and tags at its end.
const STRAY: usize = 128 << 10;
/// Codings of WAV whose samples all have one size: PCM, floating point, A-law, mu-law, and the first two behind a longer
/// head.
const PLAIN: [u64; 5] = [1, 3, 6, 7, 0xfffe];

/// Milliseconds of sound in a file; `None` where that cannot be told.
pub(crate) fn milliseconds(file: &[u8]) -> Option<u64> {
    match file.get(..4)? {
        b"RIFF" if file.get(8..12)? == b"WAVE" => wav(file.get(12..)?),
        [b'I', b'D', b'3', _] => mp3(file.get(10 + id3_length(file.get(6..10)?)..)?),
        _ => mp3(file),
    }
}

/// What all `data` chunks hold, at the rate that their samples are played at.
fn wav(mut chunks: &[u8]) -> Option<u64> {
    let (mut rate, mut data) = (None, None);
    while let Some(head) = chunks.get(..8) {
        let length = number(head.get(4..8)?)?;
        let body = chunks.get(8..)?;
        match head.get(..4)? {
            b"fmt " if rate.is_some() => return None,
            b"fmt " => rate = Some(bytes_a_second(body)?),
            // A file that was streamed says more than it has, or nothing: then all that follows is sound.
            b"data" => {
                let sound = if length == 0 { body.len() as u64 } else { length.min(body.len() as u64) };
                data = Some(data.unwrap_or(0) + sound);
                if length == 0 {
                    break;
                }
            }
            // What no player could skip may be sound to one that does not try.
            name if data.is_some() && !name.iter().all(|b| b.is_ascii_graphic() || *b == b' ') => {
                data = data.map(|sound| sound + chunks.len() as u64);
                break;
            }
            _ => {}
        }
        chunks = usize::try_from(length + length % 2).ok().and_then(|length| body.get(length..)).unwrap_or_default();
    }
    data?.saturating_mul(1_000).checked_div(rate?)
}

/// By the samples' rate, channels and bits, which decide how it sounds; that the head also states the product decides
/// nothing, and where it states another one, one of both is wrong.
fn bytes_a_second(format: &[u8]) -> Option<u64> {
    let coding = number(format.get(..2)?)?;
    let (channels, samples) = (number(format.get(2..4)?)?, number(format.get(4..8)?)?);
    let (stated, block, bits) =
        (number(format.get(8..12)?)?, number(format.get(12..14)?)?, number(format.get(14..16)?)?);
    let rate = samples * channels * bits / 8;
    let agrees = stated == rate && block * 8 == channels * bits && PLAIN.contains(&coding);
    (agrees && rate > 0).then_some(rate)
}

/// A number of little-endian bytes, four at most.
fn number(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 4).then(|| bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The length of an ID3 tag: four times seven bits.
fn id3_length(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f))
}

/// One frame of MPEG audio layer III.
struct Frame {
    /// In bytes, its head included.
    length: usize,
    nanoseconds: u64,
}

fn frame(bytes: &[u8]) -> Option<Frame> {
    let &[first, second, third, _] = bytes.get(..4)? else { return None };
    let is_layer_three = first == 0xff && second & 0xe0 == 0xe0 && second & 0x06 == 0x02;
    let (half, table) = match second & 0x18 {
        0x18 => (1, 0),
        0x10 => (2, 1),
        0x00 => (4, 1),
        _ => return None,
    };
    let kbits = *KBITS.get(table)?.get(usize::from(third >> 4))?;
    let rate = RATES.get(usize::from(third >> 2 & 3))? / half;
    if !is_layer_three || kbits == 0 || rate == 0 {
        return None;
    }
    let samples = if table == 0 { 1_152 } else { 576 };
    let length = samples / 8 * kbits * 1_000 / rate + u64::from(third >> 1 & 1);
    Some(Frame { length: usize::try_from(length).ok()?, nanoseconds: samples * 1_000_000_000 / rate })
}

/// All frames, each for as long as it is: their rates may differ.
fn mp3(bytes: &[u8]) -> Option<u64> {
    frame(bytes)?;
    let (mut rest, mut nanoseconds, mut stray) = (bytes, 0_u64, 0);
    while let Some((_, behind)) = rest.split_first() {
        rest = match frame(rest) {
            Some(frame) => {
                nanoseconds += frame.nanoseconds;
                // The last one may be cut.
                rest.get(frame.length.max(1)..).unwrap_or_default()
            }
            None => {
                stray += 1;
                behind
            }
        };
    }
    (stray <= STRAY.min(bytes.len() / 2)).then_some(nanoseconds / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 16 bits, one channel.
    fn wav_file(samples: u32, data: &[u8], said: u32) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0\x01\0\x01\0".to_vec();
        file.extend_from_slice(&samples.to_le_bytes());
        file.extend_from_slice(&(2 * samples).to_le_bytes());
        file.extend_from_slice(b"\x02\0\x10\0data");
        file.extend_from_slice(&said.to_le_bytes());
        file.extend_from_slice(data);
        file
    }

    /// So many frames of 128 kbit/s at 44,100 samples.
    fn mp3_frames(count: usize) -> Vec<u8> {
        let mut frame = vec![0xff, 0xfb, 0x90, 0x00];
        frame.resize(417, 0);
        frame.repeat(count)
    }

    #[test]
    fn the_length_of_a_wav_follows_from_its_samples() {
        assert_eq!(milliseconds(&wav_file(8_000, &[0; 8_000], 8_000)), Some(500));
        assert_eq!(milliseconds(&wav_file(8_000, &[0; 8_000], u32::MAX)), Some(500), "streamed");
        assert_eq!(milliseconds(&wav_file(8_000, &[0; 8_000], 0)), Some(500), "streamed");
        assert_eq!(milliseconds(&wav_file(0, &[0; 8], 8)), None);
        let tagged = [wav_file(8_000, &[0; 8_000], 8_000), b"LIST\x04\0\0\0abcd".to_vec()].concat();
        assert_eq!(milliseconds(&tagged), Some(500), "what is no sound is not counted");
    }

    #[test]
    fn a_wrong_head_never_makes_a_wav_cheaper() {
        let honest = wav_file(8_000, &[0; 8_000], 8_000);
        let rate_at = honest.windows(4).position(|w| w == b"fmt ").unwrap() + 16;
        let mut faster = honest.clone();
        faster[rate_at..rate_at + 4].copy_from_slice(&1_600_000_u32.to_le_bytes());
        assert_eq!(milliseconds(&faster), None, "its rate of bytes is not that of its samples");
        let mut coded = honest.clone();
        coded[rate_at - 8] = 2;
        assert_eq!(milliseconds(&coded), None, "a coding whose samples have no size");
        let two = [honest, b"data\x40\x1f\0\0".to_vec(), vec![0; 8_000]].concat();
        assert_eq!(milliseconds(&two), Some(1_000), "a second piece of sound");
        let short = [wav_file(8_000, &[0; 16], 16), vec![0; 7_976]].concat();
        assert_eq!(milliseconds(&short).map(|ms| ms >= 499), Some(true), "what stands behind is no chunk");
    }

    #[test]
    fn the_length_of_an_mp3_is_that_of_all_its_frames() {
        assert_eq!(milliseconds(&mp3_frames(100)), Some(2_612));
        let tagged = [b"ID3\x04\0\0\0\0\x01\x00".to_vec(), vec![0; 128], mp3_frames(100)].concat();
        assert_eq!(milliseconds(&tagged), Some(2_612));
        let ended = [mp3_frames(100), b"TAG".to_vec(), vec![0; 125]].concat();
        assert_eq!(milliseconds(&ended), Some(2_612));
    }

    #[test]
    fn a_first_frame_of_a_high_rate_does_not_make_an_mp3_cheaper() {
        let mut loud = vec![0xff, 0xfb, 0xe0, 0x00];
        loud.resize(1_044, 0);
        let mut quiet = vec![0xff, 0xfb, 0x10, 0x00];
        quiet.resize(104, 0);
        let file = [loud, quiet.repeat(1_000)].concat();
        assert_eq!(milliseconds(&file), Some(1_001 * 26_122_448 / 1_000_000));
        let hidden = [mp3_frames(1), vec![1; 300_000]].concat();
        assert_eq!(milliseconds(&hidden), None, "hardly anything of it is a frame");
    }

    #[test]
    fn what_is_neither_has_no_length_and_no_cut_panics() {
        let whole = wav_file(8_000, &[0; 40], 40);
        for cut in 0..whole.len() {
            let length = milliseconds(&whole[..cut]);
            assert!(length.is_none_or(|ms| ms <= 2), "{cut}");
        }
        let frames = mp3_frames(3);
        for cut in 0..frames.len() {
            assert!(milliseconds(&frames[..cut]).is_none_or(|ms| ms <= 78), "{cut}");
        }
        for other in [b"OggS....".as_slice(), b"", b"ID3", b"ID3\x04\0\0\x7f\x7f\x7f\x7f", &[0xff; 8]] {
            assert_eq!(milliseconds(other), None, "{other:?}");
        }
    }
}
