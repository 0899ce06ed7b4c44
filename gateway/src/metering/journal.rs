//! The journal: append-only segment files, written by this process alone, in which a record survives `kill -9`.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How the journal is kept.
#[derive(Clone, Debug)]
pub struct JournalOptions {
    /// A segment that has grown to this many bytes is closed, and the next one begun.
    pub segment_bytes: u64,
    /// A segment that is not empty is closed at this age.
    pub segment_age: Duration,
    /// Bytes of records kept in memory while the disk takes none; more are lost, and counted.
    pub pending_bytes: usize,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self { segment_bytes: 16 << 20, segment_age: Duration::from_mins(10), pending_bytes: 8 << 20 }
    }
}

/// Why the journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The directory or a file in it cannot be used.
    #[error("the journal in {} cannot be used: {reason}", .path.display())]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// Another process keeps it.
    #[error("the journal in {} is kept by another running weir; give each process its own data directory", .0.display())]
    InUse(PathBuf),
}

impl JournalError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |reason| Self::Io { path: path.to_owned(), reason }
    }
}

/// A place in the journal: everything before it is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// The segment's number.
    pub(crate) segment: u64,
    /// The offset within it.
    pub(crate) offset: u64,
}

/// The journal of one process.
pub(crate) struct Journal {
    directory: PathBuf,
    options: JournalOptions,
    writer: Mutex<Writer>,
    _lock: File,
}

struct Writer {
    file: Arc<File>,
    at: Position,
    opened: Instant,
    synced: Position,
    /// Closed segments that the next group sync flushes.
    closed: Vec<Arc<File>>,
}

impl Journal {
    /// Opens the journal in a directory, and begins a new segment behind those that are there.
    pub(crate) fn open(directory: &Path, options: JournalOptions) -> Result<Self, JournalError> {
        let directory = directory.to_owned();
        DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(JournalError::io(&directory))?;
        let lock_path = directory.join("lock");
        let lock = private().create(true).truncate(true).open(&lock_path).map_err(JournalError::io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(JournalError::InUse(directory)),
            Err(fs::TryLockError::Error(e)) => return Err(JournalError::io(&lock_path)(e)),
        }
        let last = segments(&directory).map_err(JournalError::io(&directory))?.last().copied().unwrap_or(0);
        // Never behind the position, even when somebody has deleted segments: what lies before it is not looked at.
        let segment = last.max(read_position(&directory).segment) + 1;
        let path = segment_path(&directory, segment);
        let file = create(&path).map_err(JournalError::io(&path))?;
        let at = Position { segment, offset: 0 };
        let writer = Writer { file: Arc::new(file), at, opened: Instant::now(), synced: at, closed: Vec::new() };
        Ok(Self { directory, options, writer: Mutex::new(writer), _lock: lock })
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Appends a whole frame. When this returns `Ok`, it is with the kernel and survives the process. `placed` is told
    /// where it lies, in the order of all frames.
    pub(crate) fn append(&self, frame: &[u8], placed: impl FnOnce(Position, Position)) -> io::Result<()> {
        let mut writer = self.writer.lock();
        if writer.at.offset >= self.options.segment_bytes {
            self.rotate(&mut writer)?;
        }
        match (&*writer.file).write_all(frame) {
            Ok(()) => {
                let from = writer.at;
                writer.at.offset += u64::try_from(frame.len()).unwrap_or(0);
                placed(from, writer.at);
                Ok(())
            }
            Err(error) => {
                // A part may have been written; behind it nothing could be read in order, so take it back.
                if writer.file.set_len(writer.at.offset).is_err() {
                    self.rotate(&mut writer)?;
                }
                Err(error)
            }
        }
    }

    /// Puts another file in place of the open segment, such as one that takes nothing.
    #[cfg(test)]
    pub(super) fn write_to(&self, file: File) {
        self.writer.lock().file = Arc::new(file);
    }

    /// Where the next frame goes: all before it is readable.
    pub(crate) fn written(&self) -> Position {
        self.writer.lock().at
    }

    /// Closes a segment that is old enough, so that it can be deleted once it is delivered.
    pub(crate) fn rotate_if_old(&self) -> io::Result<()> {
        let mut writer = self.writer.lock();
        if writer.at.offset > 0 && writer.opened.elapsed() >= self.options.segment_age {
            self.rotate(&mut writer)?;
        }
        Ok(())
    }

    fn rotate(&self, writer: &mut Writer) -> io::Result<()> {
        let segment = writer.at.segment + 1;
        let file = Arc::new(create(&segment_path(&self.directory, segment))?);
        let closed = std::mem::replace(&mut writer.file, file);
        writer.closed.push(closed);
        writer.at = Position { segment, offset: 0 };
        writer.opened = Instant::now();
        Ok(())
    }

    /// Flushes to the disk what was written since the last call; for a background task, as it blocks.
    pub(crate) fn sync(&self) -> io::Result<()> {
        let (files, at) = {
            let mut writer = self.writer.lock();
            if writer.synced == writer.at {
                return Ok(());
            }
            let mut files = std::mem::take(&mut writer.closed);
            files.push(Arc::clone(&writer.file));
            (files, writer.at)
        };
        // A file that fails is not asked again: the kernel has given up on those pages, and the next call would lie.
        files.iter().map(|file| file.sync_data()).fold(Ok(()), Result::and)?;
        self.writer.lock().synced = at;
        Ok(())
    }
}

fn create(path: &Path) -> io::Result<File> {
    private().append(true).create_new(true).open(path)
}

/// Files that only their owner reads: records say who called what.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

/// The file of a segment.
pub(super) fn segment_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:016}.journal"))
}

/// The numbers of all segments, ascending.
pub(super) fn segments(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|n| n.strip_suffix(".journal")).and_then(|n| n.parse::<u64>().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// What lies in a directory, in bytes; what cannot be read counts as nothing.
pub(crate) fn directory_bytes(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
}

/// The file that says what the ledger has.
pub(super) const POSITION: &str = "position";

/// Where the first record lies that the ledger may not have.
pub(crate) fn read_position(directory: &Path) -> Position {
    let text = fs::read_to_string(directory.join(POSITION)).unwrap_or_default();
    let mut numbers = text.split_whitespace().map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(segment)), Some(Ok(offset))) => Position { segment, offset },
        // Unknown: from the start of what is there, and the ledger drops what it has.
        _ => Position { segment: segments(directory).unwrap_or_default().first().copied().unwrap_or(0), offset: 0 },
    }
}
