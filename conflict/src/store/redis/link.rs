//! The connection: made when it is needed, one attempt for all who wait, given up when the server does not answer.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Pipeline, RedisError, ScriptInvocation, Value, cmd, pipe};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout, timeout_at};

use super::fence_key;
use super::reply::Reply;
use super::scripts::SCRIPTS;
use crate::store::mark::EPOCH_BITS;
use crate::store::{Epochs, StoreError};

/// How long an attempt to connect may take; calls do not wait that long for it.
pub(super) const CONNECT: Duration = Duration::from_secs(2);
/// Which run of the server the fences were raised for.
const RUN: &str = "weir:run";

/// How the connection is.
#[derive(Clone)]
enum State {
    Idle,
    Connecting,
    Ready(u64, MultiplexedConnection),
    Failed(StoreError),
}

/// A connection to one server.
pub(super) struct Link {
    client: Client,
    config: AsyncConnectionConfig,
    op_timeout: Duration,
    epochs: Option<(String, Arc<dyn Epochs>)>,
    state: watch::Sender<State>,
    raising: Mutex<()>,
}

impl Link {
    pub(super) fn new(
        client: Client,
        config: AsyncConnectionConfig,
        op_timeout: Duration,
        epochs: Option<(String, Arc<dyn Epochs>)>,
    ) -> Self {
        Self { client, config, op_timeout, epochs, state: watch::Sender::new(State::Idle), raising: Mutex::new(()) }
    }

    /// Runs a script within the time that one call may take.
    pub(super) async fn run(self: &Arc<Self>, call: &ScriptInvocation<'_>) -> Result<Reply, StoreError> {
        let run =
            |mut connection: MultiplexedConnection| async move { call.invoke_async::<Value>(&mut connection).await };
        self.bounded(run).await.map(Reply::new)
    }

    /// Runs several commands within the time that one call may take.
    pub(super) async fn pipe(self: &Arc<Self>, pipeline: &Pipeline) -> Result<Vec<Value>, StoreError> {
        let run = |mut connection: MultiplexedConnection| async move { pipeline.query_async(&mut connection).await };
        self.bounded(run).await
    }

    async fn bounded<T, F: Future<Output = Result<T, RedisError>>>(
        self: &Arc<Self>,
        run: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + self.op_timeout;
        let late = |_| StoreError::Timeout(self.op_timeout);
        let (number, connection) = timeout_at(deadline, self.connection()).await.map_err(late)??;
        match timeout_at(deadline, run(connection)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                if error.is_unrecoverable_error() || error.is_io_error() {
                    self.give_up(number);
                }
                Err(told(&error))
            }
            Err(elapsed) => {
                // It may be a line that is dead without saying so: the next call makes a new one.
                self.give_up(number);
                Err(late(elapsed))
            }
        }
    }

    /// The connection, or the next if there is none. Whoever comes while one is being made waits for that one.
    async fn connection(self: &Arc<Self>) -> Result<(u64, MultiplexedConnection), StoreError> {
        if let State::Ready(number, connection) = &*self.state.borrow() {
            return Ok((*number, connection.clone()));
        }
        let mut watch = self.state.subscribe();
        let begun = self.state.send_if_modified(|state| {
            let starts = matches!(state, State::Idle | State::Failed(_));
            if starts {
                *state = State::Connecting;
            }
            starts
        });
        if begun {
            let link = Arc::clone(self);
            tokio::spawn(async move { link.connect().await });
        }
        let settled = watch.wait_for(|state| !matches!(state, State::Connecting | State::Idle)).await;
        match settled.as_deref() {
            Ok(State::Ready(number, connection)) => Ok((*number, connection.clone())),
            Ok(State::Failed(error)) => Err(error.clone()),
            _ => Err(StoreError::Unavailable("it is being closed".to_owned())),
        }
    }

    async fn connect(&self) {
        let made = timeout(CONNECT, async {
            let connection = self.client.get_multiplexed_async_connection_with_config(&self.config).await;
            let mut connection = connection.map_err(|error| told(&error))?;
            self.greet(&mut connection, 0).await?;
            Ok(connection)
        })
        .await;
        self.state.send_replace(match made {
            Ok(Ok(connection)) => State::Ready(rand::random(), connection),
            Ok(Err(error)) => State::Failed(error),
            Err(_) => State::Failed(StoreError::Unavailable("it does not answer".to_owned())),
        });
    }

    fn give_up(&self, number: u64) {
        self.state.send_if_modified(|state| {
            let same = matches!(state, State::Ready(current, _) if *current == number);
            if same {
                *state = State::Idle;
            }
            same
        });
    }

    /// Raises all fences over every number that was given, if this is another run of the server than the one that they
    /// were raised for last, or if the fence of `bucket` is gone: nobody knows what was lost.
    async fn greet(&self, connection: &mut MultiplexedConnection, bucket: u8) -> Result<(), StoreError> {
        let Some((store, epochs)) = &self.epochs else { return Ok(()) };
        let _one = self.raising.lock().await;
        let info: String = cmd("INFO").arg("server").query_async(connection).await.map_err(|error| told(&error))?;
        let run = info.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::trim);
        let run = run.ok_or(StoreError::Malformed("INFO without run_id"))?;
        let (known, fence): (Option<String>, Option<String>) =
            pipe().get(RUN).get(fence_key(bucket)).query_async(connection).await.map_err(|error| told(&error))?;
        if known.as_deref() == Some(run) && fence.is_some() {
            return Ok(());
        }
        let epoch = epochs.next_epoch(store).await?;
        tracing::warn!(store, epoch, "the conflict store may have lost data: its fences go on in another epoch");
        let script = &SCRIPTS.fence_raise;
        script.load_async(connection).await.map_err(|error| told(&error))?;
        let mut raise = pipe();
        for bucket in 0..=u8::MAX {
            raise.cmd("EVALSHA").arg(script.get_hash()).arg(1).arg(fence_key(bucket)).arg(epoch << EPOCH_BITS).ignore();
        }
        raise.set(RUN, run).ignore().query_async(connection).await.map_err(|error| told(&error))
    }

    /// As [`Self::greet`], on the connection that there is, and within the time that one call may take.
    pub(super) async fn raise_fences(self: &Arc<Self>, bucket: u8) -> Result<(), StoreError> {
        let link = Arc::clone(self);
        // A caller that leaves does not end it: others wait for the same.
        let raised = tokio::spawn(async move {
            let (_, mut connection) = link.connection().await?;
            link.greet(&mut connection, bucket).await
        });
        match timeout(self.op_timeout, raised).await {
            Ok(Ok(raised)) => raised,
            Ok(Err(_)) => Err(StoreError::Unavailable("its fences could not be raised".to_owned())),
            Err(_) => Err(StoreError::Timeout(self.op_timeout)),
        }
    }
}

/// What is told of a failure: what kind it is, never what was sent.
fn told(error: &RedisError) -> StoreError {
    StoreError::Unavailable(match error.code() {
        Some(code) => format!("Redis says {code}"),
        None => error.category().to_owned(),
    })
}
