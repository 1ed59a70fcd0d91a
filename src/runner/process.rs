//! One process at a time, and the signals that end it early.
//!
//! Every command runs in a process group of its own, so that a Ctrl-C reaches perfgate alone: perfgate passes it on to the
//! whole group, gives it a moment to end, and goes on to put things in order. Waiting costs nothing: one thread waits for
//! the process, one for signals, and both send what they saw into one channel.
//!
//! A signal that perfgate was started to ignore (`nohup`, a background job of a script) stays ignored.
//!
//! Not here: what is run, and what an interruption means for the results. Where there are no process groups, the console
//! ends perfgate and the command together, and the next call clears what is left.

use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

/// How long an interrupted command may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

enum Event {
    /// A signal to perfgate, by its number. Where there are no signals, nothing sends this.
    #[cfg_attr(not(unix), expect(dead_code, reason = "signals are Unix's"))]
    Signal(i32),
    Exited(std::io::Result<ExitStatus>),
}

/// How a command ended.
pub(super) enum Ended {
    /// By itself, after this time.
    Exited(ExitStatus, Duration),
    /// Because perfgate got this signal.
    Interrupted(i32),
}

/// The signals that end perfgate, caught from here on: INT, TERM and HUP.
#[derive(Debug)]
pub struct Interrupts {
    events: Receiver<Event>,
    sender: Sender<Event>,
    received: Option<i32>,
}

impl Interrupts {
    /// Catches the signals for the rest of the process's life.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn catch() -> std::io::Result<Self> {
        let (sender, events) = mpsc::channel();
        #[cfg(unix)]
        unix::forward(sender.clone())?;
        Ok(Self { events, sender, received: None })
    }

    /// The signal that came, if one did. It stays.
    pub fn received(&mut self) -> Option<i32> {
        while self.received.is_none() {
            match self.events.try_recv() {
                Ok(Event::Signal(number)) => self.received = Some(number),
                Ok(Event::Exited(_)) => {}
                Err(_) => break,
            }
        }
        self.received
    }

    /// Runs a command to its end, or to a signal's.
    pub(super) fn run(&mut self, command: &mut Command) -> std::io::Result<Ended> {
        if let Some(number) = self.received() {
            return Ok(Ended::Interrupted(number));
        }
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let started = Instant::now();
        let mut child = command.spawn()?;
        let group = Group::of(&child);
        let sender = self.sender.clone();
        std::thread::spawn(move || {
            let status = child.wait();
            // Nobody listens any more only when perfgate ends.
            let _ = sender.send(Event::Exited(status));
        });
        match self.events.recv().map_err(|_| std::io::Error::other("the waiting thread is gone"))? {
            Event::Exited(status) => Ok(Ended::Exited(status?, started.elapsed())),
            Event::Signal(number) => {
                self.received = Some(number);
                group.signal(number);
                self.let_end(&group);
                Ok(Ended::Interrupted(number))
            }
        }
    }

    /// Waits for a group that was told to end; a second signal, or no end in time, kills it.
    fn let_end(&mut self, group: &Group) {
        if !matches!(self.events.recv_timeout(GRACE), Ok(Event::Exited(_))) {
            group.kill();
            while !matches!(self.events.recv(), Ok(Event::Exited(_)) | Err(_)) {}
        }
        // What the command started and left behind.
        group.kill();
    }
}

/// The processes of one command.
#[cfg(unix)]
struct Group(rustix::process::Pid);

#[cfg(unix)]
impl Group {
    fn of(child: &Child) -> Self {
        Self(rustix::process::Pid::from_child(child))
    }

    /// Passes a signal on. A group that is gone already needs none.
    fn signal(&self, number: i32) {
        if let Some(signal) = rustix::process::Signal::from_named_raw(number) {
            let _ = rustix::process::kill_process_group(self.0, signal);
        }
    }

    fn kill(&self) {
        let _ = rustix::process::kill_process_group(self.0, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
struct Group;

#[cfg(not(unix))]
#[expect(clippy::unused_self, reason = "the Unix twin uses it")]
impl Group {
    fn of(_: &Child) -> Self {
        Self
    }

    fn signal(&self, _: i32) {}

    fn kill(&self) {}
}

#[cfg(unix)]
mod unix {
    use std::sync::mpsc::Sender;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    use super::Event;

    /// Sends every signal that ends perfgate into a channel.
    pub(super) fn forward(sender: Sender<Event>) -> std::io::Result<()> {
        let ignored = ignored();
        let wanted: Vec<i32> =
            [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|n| ignored & (1 << (n - 1)) == 0).collect();
        let mut signals = Signals::new(wanted)?;
        std::thread::spawn(move || {
            for number in signals.forever() {
                if sender.send(Event::Signal(number)).is_err() {
                    return;
                }
            }
        });
        Ok(())
    }

    /// The signals that this process was started to ignore, as Linux tells; none where it does not.
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or(0)
    }
}
